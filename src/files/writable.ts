import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DataRoot } from './data-root.ts';
import { errnoOf } from './system-error.ts';

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
