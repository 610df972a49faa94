import { type BigIntStats, fstatSync, readSync } from 'node:fs';

/** A file that another thread of this process has open, and keeps open. */
export interface LentFile {
  /**
   * At most `length` bytes from `offset`, good until the next call; none at the end, and none once the file was changed in
   * place: what was given is of one version.
   */
  read(offset: number, length: number): Buffer;
}

const CHUNK = 64 * 1024;
/** All files of a thread: what was read is used before the next read. */
const memory = Buffer.alloc(CHUNK);

/**
 * Reads without an event loop. It holds the thread: mostly for a copy from the kernel's memory, because the kernel reads
 * ahead of who reads in order.
 */
export function lentFile(descriptor: number): LentFile {
  let facts = fstatSync(descriptor, { bigint: true });
  let changed = false;
  return {
    read(offset, length) {
      const count = readSync(descriptor, memory, 0, Math.min(length, CHUNK), offset);
      // After the read: a write sets the times before it changes a byte, so what was read before that is whole.
      const now = fstatSync(descriptor, { bigint: true });
      changed ||= !isUnchanged(facts, now);
      facts = now;
      return memory.subarray(0, changed ? 0 : count);
    },
  };
}

/** A name that was added or taken away sets the time of change, too. */
function isUnchanged(before: BigIntStats, now: BigIntStats): boolean {
  if (before.size !== now.size || before.mtimeNs !== now.mtimeNs) return false;
  return before.ctimeNs === now.ctimeNs || before.nlink !== now.nlink;
}
