import { lstat, stat } from 'node:fs/promises';
import { Failure } from '../model/failure.ts';
import type { DataRoot } from './data-root.ts';
import { systemFailure } from './system-error.ts';

/**
 * What is wrong with a folder that may be kept elsewhere; undefined for one that can be used, and for one that is not
 * there yet and will be made.
 */
export async function folderFault(root: DataRoot, folder: string): Promise<Failure | undefined> {
  try {
    if ((await stat(await root.real(folder))).isDirectory()) return undefined;
    return new Failure('invalid', `${folder} is not a folder`, { remedy: 'put a folder in its place' });
  } catch (error) {
    const failure = systemFailure(error, folder);
    if (failure.code !== 'not-found') return failure;
    const remedy = 'mount or create what it leads to';
    if (root.isElsewhere(folder)) {
      const named = 'mount or create the folder that PILOTLIGHT_IMAGES_DIR names';
      return new Failure('not-found', 'the folder of the images does not exist', { remedy: named });
    }
    if (!(await isThere(root.path(folder)))) return undefined;
    return new Failure('not-found', `${folder} is a link that leads nowhere`, { remedy });
  }
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
