import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Failure } from '../domain/failure.ts';
import { systemFailure } from '../files/system-error.ts';
import { type Hashes, startHashes } from './hashing.ts';

const BLOCK = 512;

/** A file to take out, by its path in the archive, and where to put it on the host. */
export interface Extract {
  readonly member: string;
  readonly target: string;
  readonly maxBytes: number;
}

/**
 * Takes single files out of a .tar.gz (POSIX ustar), in one pass. Nothing else of the archive reaches the disk: names in
 * it choose nothing, links are passed over. Throws Failure `refused` when one is missing or the archive is malformed.
 */
export async function extractFiles(archive: string, wanted: readonly Extract[]): Promise<ReadonlyMap<string, Hashes>> {
  const found = new Map<string, Hashes>();
  try {
    await pipeline(createReadStream(archive), createGunzip(), async (source: AsyncIterable<Buffer>) => {
      const reader = blocks(source);
      for (;;) {
        const header = await reader.take(BLOCK);
        if (header === undefined || header.every((byte) => byte === 0)) break;
        const { path, size, regular } = readHeader(header);
        const extract = regular ? wanted.find(({ member }) => member === path) : undefined;
        if (extract === undefined || found.has(extract.member)) await skip(reader, size);
        else found.set(extract.member, await write(reader, extract, size));
        await skip(reader, (BLOCK - (size % BLOCK)) % BLOCK);
      }
      await reader.drain();
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) throw malformed(error);
    throw systemFailure(error, 'an archive');
  }
  const missing = wanted.find(({ member }) => !found.has(member));
  if (missing !== undefined) throw new Failure('refused', `the archive does not hold ${missing.member}`);
  return found;
}

function readHeader(header: Buffer): { path: string; size: number; regular: boolean } {
  const text = (from: number, length: number): string =>
    header
      .subarray(from, from + length)
      .toString('latin1')
      .replace(/\0.*$/s, '');
  const sum = parseOctal(text(148, 8));
  const computed = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== computed) throw malformed();
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  const path = (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`).replace(/^\.\//, '');
  return { path, size: parseOctal(text(124, 12)), regular: ['0', ''].includes(text(156, 1)) };
}

function parseOctal(text: string): number {
  const digits = text.trim();
  if (!/^[0-7]{1,12}$/.test(digits)) throw malformed();
  return parseInt(digits, 8);
}

interface Reader {
  /** Exactly so many bytes, or undefined at the end. */
  take(length: number): Promise<Buffer | undefined>;
  /** At most so many bytes, undefined at the end. */
  some(length: number): Promise<Buffer | undefined>;
  drain(): Promise<void>;
}

function blocks(source: AsyncIterable<Buffer>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  async function some(length: number): Promise<Buffer | undefined> {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return undefined;
      rest = next.value;
    }
    const part = rest.subarray(0, length);
    rest = rest.subarray(part.length);
    return part;
  }
  return {
    some,
    async take(length) {
      const parts: Buffer[] = [];
      for (let missing = length; missing > 0;) {
        const part = await some(missing);
        if (part === undefined) {
          if (parts.length === 0) return undefined;
          throw malformed();
        }
        parts.push(part);
        missing -= part.length;
      }
      return Buffer.concat(parts);
    },
    async drain() {
      while ((await some(1 << 20)) !== undefined);
    },
  };
}

async function skip(reader: Reader, length: number): Promise<void> {
  for (let missing = length; missing > 0;) {
    const part = await reader.some(missing);
    if (part === undefined) throw malformed();
    missing -= part.length;
  }
}

async function write(reader: Reader, extract: Extract, size: number): Promise<Hashes> {
  if (size > extract.maxBytes)
    throw new Failure('too-large', `${extract.member} in the archive is larger than any file of its kind`);
  const hashes = startHashes(new Set());
  const handle = await open(extract.target, 'w', 0o644);
  try {
    for (let missing = size; missing > 0;) {
      const part = await reader.some(missing);
      if (part === undefined) throw malformed();
      hashes.update(part);
      await handle.writeFile(part);
      missing -= part.length;
    }
  } finally {
    await handle.close();
  }
  return hashes;
}

function malformed(cause?: unknown): Failure {
  return new Failure('refused', 'the archive is malformed', cause === undefined ? {} : { cause });
}
