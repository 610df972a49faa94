import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../model/failure.ts';
import { systemFailure } from '../files/system-error.ts';
import { type Hashes, startHashes } from './draft.ts';
import { type Extent, findInIso, type IsoSource } from './iso-tree.ts';

/** A file to take out, by its path in the image, and where to put it on the host. */
export interface Extract {
  readonly member: string;
  readonly target: string;
  readonly maxBytes: number;
}

const CHUNK = 1 << 20;

/**
 * Takes single files out of an ISO image. Nothing else of it reaches the disk: names in it choose nothing. Throws Failure
 * `refused` when one is missing or the image is malformed, `too-large` for a file larger than `maxBytes`.
 */
export async function extractFromIso(image: string, wanted: readonly Extract[]): Promise<ReadonlyMap<string, Hashes>> {
  const found = new Map<string, Hashes>();
  try {
    const handle = await open(image, 'r');
    try {
      const source = sourceOf(handle, (await handle.stat()).size);
      for (const extract of wanted) found.set(extract.member, await copyOut(source, extract));
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw systemFailure(error, 'an ISO image');
  }
  return found;
}

async function copyOut(source: IsoSource, { member, target, maxBytes }: Extract): Promise<Hashes> {
  const parts = await findInIso(source, member);
  if (parts.reduce((sum, { length }) => sum + length, 0) > maxBytes)
    throw new Failure('too-large', `${member} in the ISO image is larger than any file of its kind`);
  const hashes = startHashes(new Set());
  const handle = await open(target, 'w', 0o644);
  try {
    for (const part of parts) await copyPart(source, part, handle, hashes);
  } finally {
    await handle.close();
  }
  return hashes;
}

async function copyPart(source: IsoSource, { at, length }: Extent, to: FileHandle, hashes: Hashes): Promise<void> {
  for (let done = 0; done < length;) {
    const bytes = await source.read(at + done, Math.min(CHUNK, length - done));
    hashes.update(bytes);
    await to.writeFile(bytes);
    done += bytes.length;
  }
}

function sourceOf(handle: FileHandle, size: number): IsoSource {
  return {
    size,
    async read(at, length) {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(bytes, done, length - done, at + done);
        if (bytesRead === 0) throw new Failure('refused', 'the ISO image became shorter while it was read');
        done += bytesRead;
      }
      return bytes;
    },
  };
}
