import { setTimeout as sleep } from 'node:timers/promises';
import { asFailure } from '../model/failure.ts';
import type { DataRoot } from './data-root.ts';
import { type Lock, waitForLock } from './lock.ts';
import { makeFolder, placeFile } from './publish.ts';
import { removeIfSame, replaceIfSame } from './replace.ts';
import { systemFailure } from './system-error.ts';

const ATTEMPTS = 10;
/** A person's editor that writes in place has the file half written for a moment. */
const MOMENT = 50;
const TIMEOUT_MS = 60_000;

export interface Edit {
  /** A longer file is `too-large`. */
  readonly maxBytes: number;
  /**
   * The new content, or `remove`; undefined, or the same, for nothing to do. `bytes` is undefined where there is no file.
   * Asked again on top of what others saved meanwhile. What it throws ends the edit.
   */
  readonly change: (bytes: Buffer | undefined) => Promise<Buffer | 'remove' | undefined>;
}

/**
 * Changes a file that people and other processes change, too: read, change and replace are one step for all edits that
 * come this way, and what comes another way (an editor) is never overwritten. `busy`: it was saved by others each time.
 * Throws Failure as DataRoot does.
 */
export async function editFile(root: DataRoot, relative: string, edit: Edit): Promise<'written' | 'same' | 'busy'> {
  return await root.edits.run(relative, async () => {
    const lock = await lockFor(root, relative);
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const done = await tryOnce(root, relative, edit);
        if (done !== 'again') return done;
      }
      return 'busy';
    } finally {
      await lock?.release();
    }
  });
}

async function tryOnce(root: DataRoot, relative: string, edit: Edit): Promise<'written' | 'same' | 'again'> {
  const before = await root.readIfThere(relative, edit.maxBytes);
  let after: Buffer | 'remove' | undefined;
  try {
    after = await edit.change(before);
  } catch (error) {
    if (asFailure(error).code !== 'broken' || before === undefined) throw error;
    await sleep(MOMENT);
    if ((await root.readIfThere(relative, edit.maxBytes))?.equals(before) === true) throw error;
    return 'again';
  }
  if (after === undefined || (after === 'remove' ? before === undefined : before?.equals(after) === true))
    return 'same';
  if (before !== undefined) for (const keep of root.beforeEdit) await keep(relative, before);
  const made = { file: relative, before, after: after === 'remove' ? undefined : after };
  for (const ask of root.beforeWrite) if ((await ask(made)) === 'again') return 'again';
  if (!(await isDone(root, relative, before, after))) return 'again';
  for (const on of root.edited) on(made);
  return 'written';
}

/** False when another one came first. */
async function isDone(
  root: DataRoot,
  relative: string,
  before: Buffer | undefined,
  after: Buffer | 'remove',
): Promise<boolean> {
  if (after === 'remove') return (await removeIfSame(root, relative, before ?? Buffer.alloc(0))) === 'removed';
  if (before === undefined) return await isCreated(root, relative, after);
  return (await replaceIfSame(root, relative, before, after)) === 'replaced';
}

async function isCreated(root: DataRoot, relative: string, bytes: Buffer): Promise<boolean> {
  try {
    const folder = await makeFolder(root, relative.slice(0, relative.lastIndexOf('/')));
    const target = `${folder}${relative.slice(relative.lastIndexOf('/'))}`;
    return (await placeFile(target, bytes, { mode: 0o644, replace: false })) === 'placed';
  } catch (error) {
    throw systemFailure(error, relative);
  }
}

/** Keeps other processes out. Where none can be taken (state/ is read-only), the comparison alone has to do. */
async function lockFor(root: DataRoot, relative: string): Promise<Lock | undefined> {
  try {
    await makeFolder(root, 'state');
    const path = root.path(`state/edit-${relative.replaceAll('/', '-')}.lock`);
    return await waitForLock(path, `an edit of ${relative}`, TIMEOUT_MS);
  } catch (error) {
    if (asFailure(error).code === 'conflict') throw error;
    return undefined;
  }
}
