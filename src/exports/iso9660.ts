export interface IsoFile {
  /** `openstack/latest/user_data`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

interface Folder {
  readonly path: string;
  /** Index in the list of folders; the root is its own. */
  readonly parent: number;
  readonly sector: number;
}

const SECTOR = 2048;
// What lies where: 16 empty sectors for who boots from it, then descriptors, path tables, Rock Ridge's ER, folders, files.
const DESCRIPTOR = 16;
const TABLE_LE = 18;
const TABLE_BE = 19;
const CONTINUED = 20;
const FIRST_FOLDER = 21;
/** 1980-01-01 00:00:00 UTC, as ECMA-119 9.1.5 writes it: the same files make the same image. */
const DATE = Buffer.from([80, 1, 1, 0, 0, 0, 0]);

/**
 * An ISO 9660 image with Rock Ridge names (ECMA-119, level 2), for volumes of a few small files: every folder fits into
 * one sector. A library for it would be larger than all of this, and mkisofs writes the time of day into it.
 */
export function isoImage(label: string, files: readonly IsoFile[]): Buffer {
  const folders = foldersOf(files);
  let free = FIRST_FOLDER + folders.length;
  const matched = files.map((file) => {
    const sector = file.bytes.length === 0 ? 0 : free;
    free += Math.ceil(file.bytes.length / SECTOR);
    return { ...file, sector };
  });
  const image = Buffer.alloc(free * SECTOR);
  const put = (sector: number, bytes: Uint8Array): void => {
    image.set(bytes, sector * SECTOR);
  };
  const tables = [false, true].map((bigEndian) => pathTable(folders, bigEndian));
  put(DESCRIPTOR, descriptor(label, free, tables[0]?.length ?? 0));
  put(DESCRIPTOR + 1, Buffer.from('\xffCD001\x01', 'latin1'));
  put(TABLE_LE, tables[0] ?? Buffer.alloc(0));
  put(TABLE_BE, tables[1] ?? Buffer.alloc(0));
  put(CONTINUED, EXTENSION);
  for (const [index, folder] of folders.entries()) put(folder.sector, listing(index, folders, matched));
  for (const { sector, bytes } of matched) put(sector, bytes);
  return image;
}

/** Every folder after its parent, shallow ones first and then by name, as a path table wants them (ECMA-119 6.9.1). */
function foldersOf(files: readonly IsoFile[]): readonly Folder[] {
  const paths = new Set(['']);
  for (const { path } of files) {
    const parts = path.split('/').slice(0, -1);
    for (const depth of parts.keys()) paths.add(parts.slice(0, depth + 1).join('/'));
  }
  const deep = (path: string): number => (path === '' ? 0 : path.split('/').length);
  const sorted = [...paths].toSorted((a, b) => deep(a) - deep(b) || (a < b ? -1 : 1));
  return sorted.map((path, i) => ({
    path,
    parent: sorted.indexOf(parentOf(path)),
    sector: FIRST_FOLDER + i,
  }));
}

/** What stands in a folder's sector (ECMA-119 9.1): itself, its parent, then everything by its short name. */
function listing(
  index: number,
  folders: readonly Folder[],
  files: readonly (IsoFile & { readonly sector: number })[],
): Buffer {
  const own = folders[index];
  const parent = folders[own?.parent ?? 0];
  if (own === undefined || parent === undefined) throw new RangeError('no such folder');
  const inside = (of: Folder): readonly Folder[] =>
    folders.filter(({ path }) => path !== '' && parentOf(path) === of.path);
  const links = (of: Folder): number => 2 + inside(of).length;
  const inner = [
    ...inside(own).map((folder) => {
      const entry = { name: nameOf(folder.path), folder: true, links: links(folder) };
      const short = shortName(entry.name);
      return { short, record: record(short, folder.sector, SECTOR, true, named(entry)) };
    }),
    ...files
      .filter(({ path }) => parentOf(path) === own.path)
      .map(({ path, bytes, sector }) => {
        const entry = { name: nameOf(path), folder: false, links: 1 };
        const short = fileName(entry.name);
        return { short, record: record(short, sector, bytes.length, false, named(entry)) };
      }),
  ].toSorted((a, b) => (a.short < b.short ? -1 : 1));
  const self = rights({ folder: true, links: links(own) });
  const bytes = Buffer.concat([
    record('\0', own.sector, SECTOR, true, index === 0 ? Buffer.concat([announcement(CONTINUED), self]) : self),
    record('\x01', parent.sector, SECTOR, true, rights({ folder: true, links: links(parent) })),
    ...inner.map((entry) => entry.record),
  ]);
  if (bytes.length > SECTOR) throw new RangeError('too many files for one folder');
  return bytes;
}

function record(
  name: string,
  sector: number,
  size: number,
  folder: boolean,
  extension: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.concat([
    Buffer.from([0, 0]),
    both32(sector),
    both32(size),
    DATE,
    Buffer.from([folder ? 2 : 0, 0, 0]),
    both16(1),
    Buffer.from([name.length]),
    Buffer.from(name, 'latin1'),
    Buffer.alloc(1 - (name.length % 2)),
    extension,
  ]);
  // Its length is even (ECMA-119 9.1.13).
  const whole = Buffer.concat([head, Buffer.alloc(head.length % 2)]);
  whole.writeUInt8(whole.length, 0);
  return whole;
}

function pathTable(folders: readonly Folder[], bigEndian: boolean): Buffer {
  return Buffer.concat(
    folders.map(({ path, parent, sector }) => {
      const name = path === '' ? '\0' : shortName(nameOf(path));
      const row = Buffer.alloc(8 + name.length + (name.length % 2));
      row.writeUInt8(name.length, 0);
      if (bigEndian) row.writeUInt32BE(sector, 2);
      else row.writeUInt32LE(sector, 2);
      if (bigEndian) row.writeUInt16BE(parent + 1, 6);
      else row.writeUInt16LE(parent + 1, 6);
      row.write(name, 8, 'latin1');
      return row;
    }),
  );
}

/** The primary volume descriptor (ECMA-119 8.4). A label may have small letters here: OpenStack's has. */
function descriptor(label: string, sectors: number, tableBytes: number): Buffer {
  const table = Buffer.alloc(16);
  table.writeUInt32LE(TABLE_LE, 0);
  table.writeUInt32BE(TABLE_BE, 8);
  const unset = Buffer.from(`${'0'.repeat(16)}\0`, 'latin1');
  return Buffer.concat([
    Buffer.from('\x01CD001\x01\0', 'latin1'),
    padded('LINUX', 32),
    padded(label, 32),
    Buffer.alloc(8),
    both32(sectors),
    Buffer.alloc(32),
    ...[1, 1, SECTOR].map(both16),
    both32(tableBytes),
    table,
    record('\0', FIRST_FOLDER, SECTOR, true),
    padded('', 128),
    padded('', 128),
    padded('', 128),
    padded('PILOTLIGHT', 128),
    padded('', 3 * 37),
    ...[unset, unset, unset, unset],
    Buffer.from([1, 0]),
  ]);
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** For readers without Rock Ridge: capital letters, digits and underscores. */
function shortName(name: string): string {
  return name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '_')
    .slice(0, 30);
}

function fileName(name: string): string {
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
  return `${shortName(stem).slice(0, 20)}.${shortName(ending).slice(0, 8)};1`;
}

/** A file's names and rights beside the eight letters of ISO 9660 (SUSP 1.10, RRIP 1.10: what Linux and isoinfo read). */
interface Entry {
  readonly name: string;
  readonly folder: boolean;
  readonly links: number;
}

const FOLDER = 0o040_500;
const FILE = 0o100_400;

/** PX: rights, links, owner (root). The volume may hold a host key: others on the machine shall not read it. */
function rights({ folder, links }: Pick<Entry, 'folder' | 'links'>): Buffer {
  return field('PX', both32(folder ? FOLDER : FILE), both32(links), both32(0), both32(0));
}

/** PX, and NM: the real name. */
function named(entry: Entry): Buffer {
  return Buffer.concat([rights(entry), field('NM', Buffer.from([0]), Buffer.from(entry.name))]);
}

/** What the root's own record begins with: SP (the extension is in use), and where its ER stands (CE). */
function announcement(sector: number): Buffer {
  return Buffer.concat([
    field('SP', Buffer.from([0xbe, 0xef, 0])),
    field('CE', both32(sector), both32(0), both32(EXTENSION.length)),
  ]);
}

const ID = 'RRIP_1991A';
const ABOUT = 'THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS';
const SOURCE =
  'PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR FOR CONTACT INFORMATION.';

/** ER: which extension this is; too long for a record of its own folder, so it has a sector. */
const EXTENSION = field(
  'ER',
  Buffer.from([ID.length, ABOUT.length, SOURCE.length, 1]),
  padded(ID + ABOUT + SOURCE, ID.length + ABOUT.length + SOURCE.length),
);

function field(signature: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(signature), Buffer.from([body.length + 4, 1]), body]);
}

/** A number of 32 bits in both byte orders (ECMA-119 7.3.3). */
function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

/** A number of 16 bits in both byte orders (ECMA-119 7.2.3). */
function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

/** Text in a field of fixed length, filled with spaces. */
function padded(text: string, length: number): Buffer {
  return Buffer.from(text.padEnd(length, ' '), 'latin1');
}
