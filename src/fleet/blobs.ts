import { createHash } from 'node:crypto';
import { Failure } from '../model/failure.ts';
import type { Kv } from './kv.ts';

/** Bytes of one value: a third more as base64, twice, and etcd takes requests of 1.5 MiB by its default. */
const PART_BYTES = 400 * 1024;

/** Names bytes by what they are (SHA-256, hex). */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Puts bytes where every server finds them, once: keys `blob/<sha256>/<part>`. What is there already is not sent. */
export async function putBlob(kv: Kv, bytes: Buffer): Promise<string> {
  const digest = digestOf(bytes);
  const parts = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  // The last part comes last: with it all are there.
  if ((await kv.get(partKey(digest, parts - 1))) !== undefined) return digest;
  for (let part = 0; part < parts; part += 1) {
    const key = partKey(digest, part);
    const value = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES).toString('base64');
    await kv.commit({ if: [{ key, is: 'absent' }], then: [{ put: key, value }] });
  }
  return digest;
}

/** Throws Failure `broken` for bytes that are not what their name says. */
export async function readBlob(kv: Kv, digest: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const entry = await kv.get(partKey(digest, parts.length));
    if (entry === undefined) break;
    parts.push(Buffer.from(entry.value, 'base64'));
    if ((parts.at(-1)?.length ?? 0) < PART_BYTES) break;
  }
  const bytes = Buffer.concat(parts);
  if (digestOf(bytes) === digest) return bytes;
  throw new Failure('broken', `the fleet's memory holds ${parts.length === 0 ? 'no' : 'other'} bytes for ${digest}`, {
    remedy: "save the file once more on the server that has it; `etcdctl check` looks after the engine's disk",
  });
}

function partKey(digest: string, part: number): string {
  return `blob/${digest}/${part}`;
}
