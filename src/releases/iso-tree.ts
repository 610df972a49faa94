import { type FileHandle, open } from 'node:fs/promises';
import { systemFailure } from '../files/system-error.ts';
import { Failure } from '../model/failure.ts';
import { type Hashes, startHashes } from './draft.ts';

/** A directory record (ECMA-119 9.1). */
interface IsoRecord {
  readonly sector: number;
  /** Sectors of the extended attribute record that lies before the file. */
  readonly skipped: number;
  readonly length: number;
  readonly folder: boolean;
  /** Belongs to another file (Apple's resource forks): has its name, and is not it. */
  readonly associated: boolean;
  /** The file goes on in the next record. */
  readonly more: boolean;
  /** Its pieces lie apart: a format that no image of today has. */
  readonly interleaved: boolean;
  readonly name: Buffer;
  /** What Rock Ridge stands in. */
  readonly systemUse: Buffer;
}

/** One field of the System Use Sharing Protocol. */
interface SuspField {
  readonly sign: string;
  readonly data: Buffer;
}

const FIXED = 33;

/** Undefined for a record whose lengths do not fit. `bytes` is the whole record. */
function readRecord(bytes: Buffer): IsoRecord | undefined {
  if (bytes.length <= FIXED) return undefined;
  const nameLength = bytes.readUInt8(32);
  if (nameLength === 0 || FIXED + nameLength > bytes.length) return undefined;
  const flags = bytes.readUInt8(25);
  return {
    sector: bytes.readUInt32LE(2),
    skipped: bytes.readUInt8(1),
    length: bytes.readUInt32LE(10),
    folder: (flags & 0x02) !== 0,
    associated: (flags & 0x04) !== 0,
    more: (flags & 0x80) !== 0,
    interleaved: bytes.readUInt8(26) !== 0 || bytes.readUInt8(27) !== 0,
    name: bytes.subarray(FIXED, FIXED + nameLength),
    // A name of even length is followed by a zero.
    systemUse: bytes.subarray(FIXED + nameLength + (nameLength % 2 === 0 ? 1 : 0)),
  };
}

/** The fields of a system use area, up to its end or to one that is none. */
function readFields(area: Buffer): readonly SuspField[] {
  const fields: SuspField[] = [];
  for (let at = 0; at + 4 <= area.length;) {
    const sign = area.toString('latin1', at, at + 2);
    const length = area.readUInt8(at + 2);
    if (!/[A-Z0-9]{2}/.test(sign) || sign === 'ST' || length < 4 || at + length > area.length) break;
    fields.push({ sign, data: area.subarray(at + 4, at + length) });
    at += length;
  }
  return fields;
}

/** The name in a plain or Joliet record, without the version (`;1`) and the dot of a file without an ending. */
function shortName(name: Buffer, joliet: boolean): string {
  const text = joliet
    ? Buffer.from(name)
        .subarray(0, name.length & ~1)
        .swap16()
        .toString('utf16le')
    : name.toString('latin1');
  return text.replace(/;\d{1,5}$/, '').replace(/\.$/, '');
}

/** Rock Ridge's name (NM, in one or more pieces); undefined where a record has none. */
function rockRidgeName(fields: readonly SuspField[]): string | undefined {
  const pieces = fields.filter(({ sign, data }) => sign === 'NM' && data.length >= 1 && ((data[0] ?? 0) & 0x06) === 0);
  return pieces.length === 0 ? undefined : Buffer.concat(pieces.map(({ data }) => data.subarray(1))).toString('utf8');
}

/** What Rock Ridge says a record is, if it is no file of plain bytes. */
function oddity(fields: readonly SuspField[]): 'link' | 'packed' | undefined {
  if (fields.some(({ sign }) => sign === 'SL')) return 'link';
  return fields.some(({ sign }) => sign === 'ZF') ? 'packed' : undefined;
}

/** Bytes that can be read anywhere. */
export interface IsoSource {
  readonly size: number;
  /** Exactly so many bytes. Only asked for what lies before `size`. */
  readonly read: (at: number, length: number) => Promise<Buffer>;
}

/** Where a part of a file lies, in bytes. */
export interface Extent {
  readonly at: number;
  readonly length: number;
}

const SECTOR = 2048;
const FIRST_DESCRIPTOR = 16;
/** Real images have three to five. */
const MOST_DESCRIPTORS = 64;
/** Bytes of one folder: some ten thousand names. */
const LARGEST_FOLDER = 1024 * 1024;
/** Continuations of one record, and of a whole folder: each is one more read. */
const MOST_CONTINUED = 8;
const MOST_CONTINUED_IN_FOLDER = 4096;

/** How the names of a tree are written. `skip`: bytes before Rock Ridge's fields. */
type Names = { readonly kind: 'plain' | 'joliet' } | { readonly kind: 'rock-ridge'; readonly skip: number };

interface Entry {
  readonly record: IsoRecord;
  readonly name: string;
  readonly fields: readonly SuspField[];
}

/**
 * Where a file of an ISO 9660 image lies (ECMA-119): by Rock Ridge's names where the image has them, else by the short
 * ones without regard to case, else by Joliet's. A file of 4 GiB and more has several parts. Reads the folders on the
 * way and nothing else, and follows no link. Throws Failure `refused` for what is no such image, is cut short or
 * malformed, or does not hold the file.
 */
export async function findInIso(source: IsoSource, path: string): Promise<readonly Extent[]> {
  const { plain, joliet } = await readVolumes(source);
  const names = await rockRidgeOf(source, plain);
  const found =
    (await findIn(source, plain, names, path)) ??
    (joliet === undefined ? undefined : await findIn(source, joliet, { kind: 'joliet' }, path));
  if (found === undefined) throw refuse(`does not hold ${path}`);
  return found;
}

async function readVolumes(
  source: IsoSource,
): Promise<{ readonly plain: Extent; readonly joliet: Extent | undefined }> {
  let plain: Extent | undefined;
  let joliet: Extent | undefined;
  for (let i = 0; i < MOST_DESCRIPTORS; i += 1) {
    const descriptor = await readAt(source, { at: (FIRST_DESCRIPTOR + i) * SECTOR, length: SECTOR });
    if (descriptor.toString('latin1', 1, 6) !== 'CD001') throw refuse('is not one: the descriptors are missing');
    const type = descriptor.readUInt8(0);
    if (type === 255) break;
    // Joliet is announced by one of three escape sequences.
    const isJoliet = type === 2 && /^%\/[@CE]$/.test(descriptor.toString('latin1', 88, 91));
    if (type !== 1 && !isJoliet) continue;
    const root = readRecord(descriptor.subarray(156, 190));
    if (root === undefined || descriptor.readUInt16LE(128) !== SECTOR) throw refuse('has a malformed descriptor');
    if (isJoliet) joliet ??= extentOf(root);
    else plain ??= extentOf(root);
  }
  if (plain === undefined) throw refuse('is not one: the primary descriptor is missing');
  return { plain, joliet };
}

/** Rock Ridge is announced in the root's own record (SUSP 5.3). */
async function rockRidgeOf(source: IsoSource, root: Extent): Promise<Names> {
  for await (const { record } of entries(source, root, { kind: 'plain' })) {
    const [first] = readFields(record.systemUse);
    const [a, b, skip] = first?.data ?? [];
    if (first?.sign === 'SP' && a === 0xbe && b === 0xef) return { kind: 'rock-ridge', skip: skip ?? 0 };
    break;
  }
  return { kind: 'plain' };
}

async function findIn(
  source: IsoSource,
  root: Extent,
  names: Names,
  path: string,
): Promise<readonly Extent[] | undefined> {
  const steps = path.split('/');
  let folder = root;
  for (const [depth, name] of steps.entries()) {
    const parts = await lookUp(source, folder, names, name);
    const [first] = parts;
    if (first === undefined) return undefined;
    const odd = oddity(first.fields);
    if (odd !== undefined) throw refuse(`holds ${name} as a ${odd === 'link' ? 'link' : 'packed file'}`);
    const isFile = depth === steps.length - 1;
    if (parts.some(({ record }) => record.folder === isFile))
      throw refuse(`holds ${name} as a ${isFile ? 'folder' : 'file'}`);
    if (parts.some(({ record }) => record.interleaved)) throw refuse(`holds ${name} in interleaved pieces`);
    if (isFile) return parts.map(({ record }) => inside(source, extentOf(record), name));
    folder = extentOf(first.record);
  }
  return undefined;
}

/** A file of several parts has a record for each, one after the other, all with its name (ECMA-119 6.5.1). */
async function lookUp(source: IsoSource, folder: Extent, names: Names, name: string): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  const spelt = (text: string): string => (names.kind === 'plain' ? text.toLowerCase() : text);
  for await (const entry of entries(source, folder, names)) {
    const same = spelt(entry.name) === spelt(name);
    if (!same && found.length === 0) continue;
    if (!same) break;
    found.push(entry);
    if (!entry.record.more) return found;
  }
  if (found.length > 0) throw refuse(`holds ${name} in parts, and the last one is missing`);
  return found;
}

async function* entries(source: IsoSource, folder: Extent, names: Names): AsyncGenerator<Entry> {
  if (folder.length > LARGEST_FOLDER) throw refuse('has a folder that is larger than any');
  const bytes = await readAt(source, folder);
  const budget = { left: MOST_CONTINUED_IN_FOLDER };
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt8(at);
    const rest = SECTOR - (at % SECTOR);
    if (length === 0) {
      // Records do not cross into the next sector; zeros fill the rest of one.
      at += rest;
      continue;
    }
    const record = length <= rest ? readRecord(bytes.subarray(at, at + length)) : undefined;
    if (record === undefined) throw refuse('has a malformed folder');
    at += length;
    if (record.associated) continue;
    const fields = names.kind === 'rock-ridge' ? await allFields(source, record, names.skip, budget) : [];
    yield { record, fields, name: rockRidgeName(fields) ?? shortName(record.name, names.kind === 'joliet') };
  }
}

/** The fields of a record with those that did not fit into it (CE). */
async function allFields(
  source: IsoSource,
  record: IsoRecord,
  skip: number,
  budget: { left: number },
): Promise<readonly SuspField[]> {
  const fields = [...readFields(record.systemUse.subarray(skip))];
  for (let count = 0, seen = 0; ; count += 1) {
    const next = fields.slice(seen).find(({ sign, data }) => sign === 'CE' && data.length >= 24);
    seen = fields.length;
    if (next === undefined) return fields;
    budget.left -= 1;
    if (count === MOST_CONTINUED || budget.left < 0) throw refuse('has records that go on without end');
    const [sector, offset, length] = [0, 8, 16].map((at) => next.data.readUInt32LE(at)) as [number, number, number];
    if (offset + length > SECTOR) throw refuse('has a malformed continuation');
    fields.push(...readFields(await readAt(source, { at: sector * SECTOR + offset, length })));
  }
}

function extentOf({ sector, skipped, length }: IsoRecord): Extent {
  return { at: (sector + skipped) * SECTOR, length };
}

function inside({ size }: IsoSource, extent: Extent, name: string): Extent {
  if (extent.length === 0 || extent.at + extent.length <= size) return extent;
  throw refuse(`is cut short: ${name} lies behind its end`);
}

async function readAt(source: IsoSource, { at, length }: Extent): Promise<Buffer> {
  if (at + length > source.size) throw refuse('is cut short');
  return source.read(at, length);
}

function refuse(what: string): Failure {
  return new Failure('refused', `the ISO image ${what}`);
}

/** A file to take out, by its path in the image, and where to put it on the host. */
interface Extract {
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
