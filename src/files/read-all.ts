import { type FileHandle } from 'node:fs/promises';

/** Reads from the start to the end; undefined when there are more than `maxBytes`. `expected` sizes the first buffer. */
export async function readAll(handle: FileHandle, expected: number, maxBytes: number): Promise<Buffer | undefined> {
  // One byte more than expected: only a read that comes back short proves that the end was reached.
  let buffer = Buffer.allocUnsafe(Math.min(expected, maxBytes) + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > maxBytes) return undefined;
    if (length === buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(buffer.length * 2, maxBytes + 1));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
  }
}
