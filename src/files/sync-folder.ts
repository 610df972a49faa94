import { open } from 'node:fs/promises';
import { errnoOf } from './system-error.ts';

/** Makes names in a folder (new files, renames) survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network and FUSE file systems cannot sync a folder: then there is nothing more to be done.
    if (errnoOf(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}
