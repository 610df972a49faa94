import { statfs } from 'node:fs/promises';
import { Failure } from '../model/failure.ts';

/** Bytes that this process may still write, and all bytes, of the file system that holds a path. */
export async function diskSpace(path: string): Promise<{ readonly free: number; readonly total: number }> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { free: bavail * bsize, total: blocks * bsize };
}

/**
 * Refuses to begin what will not fit: the files with 5 % for the file system's own needs, and 3 % of the disk must stay
 * free (a full disk stops more than downloads). Throws Failure `unavailable` with both numbers.
 */
export function checkSpace(needed: number, { free, total }: { readonly free: number; readonly total: number }): void {
  const wanted = Math.ceil(needed * 1.05 + total * 0.03);
  if (free >= wanted) return;
  throw new Failure('unavailable', `not enough space in images/: ${wanted} bytes are needed, ${free} are free`, {
    remedy: 'free some space, or keep fewer releases (PILOTLIGHT_KEEP_RELEASES)',
  });
}
