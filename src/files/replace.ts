import { renameSync, statSync } from 'node:fs';
import { type FileHandle, link, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DataRoot, factsOf, identityOf, readAll } from './data-root.ts';
import { draftOf, exists, linkNew, placeFile, syncFolder, writeDraft } from './publish.ts';
import { errnoOf, systemFailure } from './system-error.ts';

export interface ReplaceOptions {
  /** Permissions of a file that did not exist (0o644). An existing file keeps its own. */
  readonly mode?: number;
  /** Asked when everything is written, just before the rename: false leaves the old file alone. */
  readonly confirm?: () => Promise<boolean>;
}

/**
 * Puts new content in a file in one step: readers see the old or the new bytes, also after a power cut. A link stays a
 * link, its target gets the content; mode and owner are kept. Whatever fails (no space, no permission), the old file
 * is untouched and nothing else is left in its folder. Throws Failure as DataRoot does.
 */
export async function replaceFile(
  root: DataRoot,
  relative: string,
  content: string | Uint8Array,
  options: ReplaceOptions = {},
): Promise<'replaced' | 'kept'> {
  try {
    return await replaceTarget(await targetOf(root, relative), content, options);
  } catch (error) {
    throw systemFailure(error, relative);
  }
}

/** The file that a rename may replace: a link's target; for a new file, its name in the folder's real path. */
async function targetOf(root: DataRoot, relative: string): Promise<string> {
  const path = root.path(relative);
  if (await exists(path)) return root.real(relative);
  const folder = dirname(relative);
  return join(folder === '.' ? root.dir : await root.real(folder), basename(path));
}

async function replaceTarget(
  target: string,
  content: string | Uint8Array,
  { mode = 0o644, confirm }: ReplaceOptions = {},
): Promise<'replaced' | 'kept'> {
  const prepare = async (handle: FileHandle): Promise<void> => {
    await keepOwnerAndMode(handle, target);
  };
  const done = await placeFile(target, content, { mode, replace: true, prepare, confirm });
  return done === 'placed' ? 'replaced' : 'kept';
}

/**
 * Puts new content in a file that people edit, if it still holds `before`: the last comparison and the rename stand back
 * to back, and the old file is compared once more afterwards. What was written into it in between is put back, and the
 * answer is `kept`, as for a file that had changed before. Throws Failure as replaceFile does.
 */
export async function replaceIfSame(
  root: DataRoot,
  relative: string,
  before: Uint8Array,
  content: Uint8Array,
): Promise<'replaced' | 'kept'> {
  try {
    return await exchange(await root.real(relative), before, content);
  } catch (error) {
    throw systemFailure(error, relative);
  }
}

/**
 * Removes a file that people edit, if it still holds `before`. It is compared once more under another name, so that what
 * was written into it just then comes back: the answer is `kept`. Of a link only the link goes. Throws Failure as
 * replaceFile does.
 */
export async function removeIfSame(root: DataRoot, relative: string, before: Uint8Array): Promise<'removed' | 'kept'> {
  try {
    const folder = await root.real(dirname(relative));
    const target = join(folder, basename(relative));
    const aside = draftOf(target).replace(/\.draft$/, '.old.draft');
    if (!(await isSame(target, before)) || !isRenamed(target, aside)) return 'kept';
    const done = await isSame(aside, before);
    // Where another file has the name by now, that one is newer.
    if (!done) await linkNew(aside, target);
    await rm(aside, { force: true });
    await syncFolder(folder);
    return done ? 'removed' : 'kept';
  } catch (error) {
    throw systemFailure(error, relative);
  }
}

async function isSame(path: string, bytes: Uint8Array): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    return await holds(handle, bytes);
  } finally {
    await handle.close();
  }
}

async function exchange(target: string, before: Uint8Array, content: Uint8Array): Promise<'replaced' | 'kept'> {
  const draft = draftOf(target);
  const old = draft.replace(/\.draft$/, '.old.draft');
  const handle = await open(target, 'r');
  try {
    let ino: bigint | undefined;
    await writeDraft(draft, content, 0o644, async (file) => {
      await keepOwnerAndMode(file, target);
      ({ ino } = await file.stat({ bigint: true }));
    });
    // Another name for the old file, by which it can come back with all that was written into it.
    const named = await hasLinked(target, old);
    if (named === undefined) return 'kept';
    const facts = factsOf(await handle.stat({ bigint: true }));
    if (!(await holds(handle, before))) return 'kept';
    // Synchronous, so that nothing of this process comes in between.
    if (identityOf(factsOf(statSync(target, { bigint: true }))) !== identityOf(facts)) return 'kept';
    if (!isRenamed(draft, target)) return 'kept';
    if (!(await holds(handle, before))) {
      const bytes = named ? undefined : await handle.readFile();
      if (statSync(target, { bigint: true }).ino !== ino) return 'kept';
      if (bytes !== undefined || !isRenamed(old, target))
        await replaceTarget(target, bytes ?? (await handle.readFile()));
      await syncFolder(dirname(target));
      return 'kept';
    }
  } finally {
    await handle.close();
    await rm(draft, { force: true });
    await rm(old, { force: true });
  }
  await syncFolder(dirname(target));
  return 'replaced';
}

/** False when the draft went: a server that started meanwhile took it for one that a dead process had left. */
function isRenamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function holds(handle: FileHandle, bytes: Uint8Array): Promise<boolean> {
  return (await readAll(handle, bytes.length, bytes.length))?.equals(bytes) === true;
}

/** Undefined when the file is being replaced at this moment. */
async function hasLinked(from: string, to: string): Promise<boolean | undefined> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    // No hard links there, or not to another user's file.
    if (['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

async function keepOwnerAndMode(handle: FileHandle, target: string): Promise<void> {
  const [before, draft] = await Promise.all([stat(target).catch(absent), handle.stat()]);
  if (before === undefined) return;
  const isGiven = before.uid !== draft.uid || before.gid !== draft.gid;
  if (isGiven) {
    // Only root may give files away; for everybody else the file becomes the server's, as with any editor.
    await handle.chown(before.uid, before.gid).catch((error: unknown) => {
      if (errnoOf(error) !== 'EPERM') throw error;
    });
  }
  // Giving it away takes the set-user bits from it.
  if (isGiven || before.mode !== draft.mode) await handle.chmod(before.mode & 0o7777);
}

function absent(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
