import { createHash } from 'node:crypto';

/** Names the bytes of a file: who changes it says on top of which (SHA-256, hex). */
export function revisionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
