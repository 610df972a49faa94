import { mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DataRoot, FileFacts } from './data-root.ts';
import { placeFile, syncFolder } from './publish.ts';
import { errnoOf, systemFailure } from './system-error.ts';

/**
 * A new file below the root that only its owner may read, in a folder that only its owner may enter (both made here). A
 * file that is there stays as it is: `exists`, also when two processes come at once. What root makes gets the
 * owner of the data directory, so that a server with fewer rights can read what a command made.
 */
export async function createPrivateFile(
  root: DataRoot,
  relative: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<'created' | 'exists'> {
  try {
    const folder = await privateFolder(root, dirname(relative));
    const matched = await placeFile(join(folder, basename(root.path(relative))), content, {
      mode,
      replace: false,
      prepare: async (handle) => {
        await giveAway(handle, root.dir);
        // What the umask took.
        await handle.chmod(mode);
      },
    });
    return matched === 'placed' ? 'created' : 'exists';
  } catch (error) {
    throw systemFailure(error, relative);
  }
}

/** Makes the folder for its owner alone, and those above it for everybody, where they are not there yet. */
async function privateFolder(root: DataRoot, relative: string): Promise<string> {
  root.path(relative);
  const parts = relative.split('/');
  let made = root.dir;
  for (const depth of parts.keys()) {
    await makeLevel(root, join(made, parts[depth] ?? ''), depth === parts.length - 1 ? 0o700 : 0o755);
    made = await root.real(parts.slice(0, depth + 1).join('/'));
  }
  return made;
}

async function makeLevel(root: DataRoot, path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    throw error;
  }
  const handle = await open(path, 'r');
  try {
    await giveAway(handle, root.dir);
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(path));
}

// Only root may give files away.
async function giveAway(handle: FileHandle, owner: string): Promise<void> {
  const [{ uid }, { uid: to, gid }] = await Promise.all([handle.stat(), stat(owner)]);
  if (uid === 0 && to !== 0) await handle.chown(to, gid);
}

/** Whether others than its owner may read it, or change it. Throws Failure as DataRoot does. */
export async function isExposed(root: DataRoot, relative: string): Promise<boolean> {
  return isExposedMode(await root.stat(relative));
}

export function isExposedMode({ mode }: Pick<FileFacts, 'mode'>): boolean {
  return (mode & 0o077) !== 0;
}
