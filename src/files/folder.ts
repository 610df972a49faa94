import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../model/failure.ts';
import type { DataRoot } from './data-root.ts';
import { exists } from './publish.ts';
import { errnoOf, systemFailure } from './system-error.ts';

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
    if (!(await exists(root.path(folder)))) return undefined;
    return new Failure('not-found', `${folder} is a link that leads nowhere`, { remedy });
  }
}

/** `rights`: the user that asks may not; another one may. */
export interface NotWritable {
  readonly kind: 'full' | 'read-only' | 'rights';
  readonly why: string;
}

/**
 * Why nothing can be written in a folder below the root, or where it would be made; undefined when nothing speaks
 * against it. Writes nothing, so it cannot know everything.
 */
export async function whyNotWritable(root: DataRoot, folder: string): Promise<NotWritable | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const path = at === '.' ? root.dir : root.path(at);
    try {
      await access(path, constants.W_OK | constants.X_OK);
      const { bavail, blocks } = await statfs(path);
      // File systems that do not count say zero of everything.
      return blocks > 0 && bavail === 0 ? { kind: 'full', why: 'no space is left' } : undefined;
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT' && at !== '.') continue;
      if (code === 'EROFS') return { kind: 'read-only', why: 'the file system is read-only' };
      if (code === 'EACCES' || code === 'EPERM') return { kind: 'rights', why: 'this user may not write there' };
      throw error;
    }
  }
}
