import { randomBytes } from 'node:crypto';
import { link, lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from './sync-folder.ts';
import { errnoOf } from './system-error.ts';

const ATTEMPTS = 3;

export interface Placing {
  readonly mode: number;
  /** Whether a file that is there already gives way. */
  readonly replace: boolean;
  /** Done to the file before it gets its name. */
  readonly prepare?: (handle: FileHandle) => Promise<void>;
}

/**
 * Gives a finished file its name in one step, with its bytes on the disk first. Without `replace` the first writer wins:
 * link(2) fails where rename(2) would replace without a word. Throws what the system says.
 */
export async function placeFile(
  target: string,
  content: string | Uint8Array,
  placing: Placing,
): Promise<'placed' | 'exists'> {
  return await withDraft(() => place(target, content, placing));
}

/** A server that starts removes the drafts that dead processes left: one that lives and lost its own writes it again. */
export async function withDraft<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (error) {
      const isGone = errnoOf(error) === 'ENOENT' && error instanceof Error && 'dest' in error;
      if (!isGone || attempt === ATTEMPTS) throw error;
    }
  }
}

async function place(
  target: string,
  content: string | Uint8Array,
  { mode, replace, prepare }: Placing,
): Promise<'placed' | 'exists'> {
  const folder = dirname(target);
  const draft = join(folder, `.${basename(target).slice(0, 200)}.${randomBytes(6).toString('hex')}.draft`);
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await prepare?.(handle);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (replace) await rename(draft, target);
    else if (!(await linkNew(draft, target))) return 'exists';
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(folder);
  return 'placed';
}

/** False when something has the name. */
async function linkNew(draft: string, target: string): Promise<boolean> {
  try {
    await link(draft, target);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return false;
    // FAT and some network file systems have no hard links: there a look and a rename have to do.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    if (await isThere(target)) return false;
    await rename(draft, target);
    return true;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
