import { join } from 'node:path/posix';
import { crc32, inflateRawSync } from 'node:zlib';
import { Failure } from '../model/failure.ts';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const [END_SIZE, ENTRY_SIZE, LOCAL_SIZE] = [22, 46, 30] as const;
const [STORED, DEFLATED] = [0, 8] as const;
/** What the end says where a number is too large for it. */
const [ZIP64_COUNT, ZIP64_OFFSET] = [0xffff, 0xffffffff] as const;
/** The comment behind the end of an archive is as long as two bytes can say. */
const MOST_COMMENT = 0xffff;

/** A zip archive, or an empty one. */
export function isZip(bytes: Buffer): boolean {
  return bytes.length >= END_SIZE && [LOCAL, END].includes(bytes.readUInt32LE(0));
}

/**
 * The files of a zip archive (PKWARE's APPNOTE) by their paths, each checked by its CRC; what would lie outside of the
 * archive is left out. Throws Failure `invalid` for what is cut off, damaged, encrypted, or larger than `most` bytes.
 */
export function readZip(archive: Buffer, most: number): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  let room = most;
  for (const entry of entriesOf(archive)) {
    const path = join(entry.name);
    if (entry.name.endsWith('/') || path.startsWith('..') || path.startsWith('/')) continue;
    const content = contentOf(archive, entry, room);
    room -= content.length;
    files.set(path, content);
  }
  return files;
}

interface Entry {
  readonly name: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where its own header is. */
  readonly at: number;
}

/** From the directory at the end: the headers before each file may not know its size. */
function* entriesOf(archive: Buffer): Generator<Entry> {
  const end = endOf(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  // Of those the end says only a part: the rest would be left out and nothing told.
  if (count === ZIP64_COUNT || at === ZIP64_OFFSET)
    throw new Failure('too-large', 'it is a zip archive of more than 65534 files or 4 GiB (zip64)');
  for (let i = 0; i < count; i += 1) {
    if (at + ENTRY_SIZE > end || archive.readUInt32LE(at) !== ENTRY) throw damaged();
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    const next = at + ENTRY_SIZE + nameLength + extra + comment;
    if (next > end) throw damaged();
    yield {
      name: archive.toString('utf8', at + ENTRY_SIZE, at + ENTRY_SIZE + nameLength),
      encrypted: (archive.readUInt16LE(at + 8) & 1) === 1,
      method: archive.readUInt16LE(at + 10),
      crc: archive.readUInt32LE(at + 16),
      packed: archive.readUInt32LE(at + 20),
      size: archive.readUInt32LE(at + 24),
      at: archive.readUInt32LE(at + 42),
    };
    at = next;
  }
}

function endOf(archive: Buffer): number {
  const least = Math.max(0, archive.length - END_SIZE - MOST_COMMENT);
  for (let at = archive.length - END_SIZE; at >= least; at -= 1) if (archive.readUInt32LE(at) === END) return at;
  throw new Failure('invalid', 'it is a zip archive that is cut off');
}

function contentOf(archive: Buffer, { name, encrypted, method, crc, packed, size, at }: Entry, most: number): Buffer {
  if (encrypted) throw new Failure('invalid', `${name} in it is encrypted`);
  if (size > most) throw new Failure('too-large', 'its files are far too large together');
  if (at + LOCAL_SIZE > archive.length || archive.readUInt32LE(at) !== LOCAL) throw damaged(name);
  const from = at + LOCAL_SIZE + archive.readUInt16LE(at + 26) + archive.readUInt16LE(at + 28);
  const bytes = archive.subarray(from, from + packed);
  const content = method === STORED ? bytes : method === DEFLATED ? inflated(bytes, size, name) : undefined;
  if (content === undefined) throw new Failure('invalid', `${name} in it is packed in a way that is not known here`);
  if (content.length !== size || crc32(content) !== crc) throw damaged(name);
  return content;
}

function inflated(bytes: Buffer, size: number, name: string): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw damaged(name);
  }
}

function damaged(name = 'its list of files'): Failure {
  return new Failure('invalid', `it is a zip archive in which ${name} is damaged`);
}
