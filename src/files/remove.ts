import { lstat, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DataRoot } from './data-root.ts';
import { syncFolder } from './sync-folder.ts';
import { systemFailure } from './system-error.ts';

/**
 * Removes a file so that it stays removed, also after a power cut. Of a link only the link goes. Nothing there is as
 * good as removed; a folder is left alone (`unavailable`). Throws Failure as DataRoot does.
 */
export async function removeFile(root: DataRoot, relative: string): Promise<void> {
  const name = basename(root.path(relative));
  try {
    const folder = dirname(relative) === '.' ? root.dir : await root.real(dirname(relative));
    await lstat(join(folder, name));
    await rm(join(folder, name));
    await syncFolder(folder);
  } catch (error) {
    const failure = systemFailure(error, relative);
    if (failure.code !== 'not-found') throw failure;
  }
}
