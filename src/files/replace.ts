import { randomBytes } from 'node:crypto';
import { lstat, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DataRoot } from './data-root.ts';
import { syncFolder } from './sync-folder.ts';
import { errnoOf, systemFailure } from './system-error.ts';

export interface ReplaceOptions {
  /** Permissions of a file that did not exist (0o644). An existing file keeps its own. */
  readonly mode?: number;
  /**
   * Asked when everything is written, just before the rename: false leaves the old file alone. Here a writer looks
   * again whether a person has edited the file since it was read.
   */
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
  options: ReplaceOptions,
): Promise<'replaced' | 'kept'> {
  const folder = dirname(target);
  // Same folder, so that the rename stays within a file system; hidden and not ending in .json or .yml, so that nobody
  // who lists the folder takes a draft for the file.
  const draft = join(folder, `.${basename(target)}.${randomBytes(6).toString('hex')}.draft`);
  try {
    const handle = await open(draft, 'wx', options.mode ?? 0o644);
    try {
      await keepOwnerAndMode(handle, target);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (options.confirm !== undefined && !(await options.confirm())) return 'kept';
    await rename(draft, target);
  } finally {
    // After the rename there is nothing to remove.
    await rm(draft, { force: true });
  }
  await syncFolder(folder);
  return 'replaced';
}

async function keepOwnerAndMode(handle: FileHandle, target: string): Promise<void> {
  const [before, draft] = await Promise.all([stat(target).catch(absent), handle.stat()]);
  if (before === undefined) return;
  if (before.uid !== draft.uid || before.gid !== draft.gid) {
    // Only root may give files away; for everybody else the file becomes the server's, as with any editor.
    await handle.chown(before.uid, before.gid).catch((error: unknown) => {
      if (errnoOf(error) !== 'EPERM') throw error;
    });
  }
  await handle.chmod(before.mode & 0o7777);
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(absent)) !== undefined;
}

function absent(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
