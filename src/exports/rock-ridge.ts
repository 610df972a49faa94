import { both32, padded } from './iso-fields.ts';

/** A file's names and rights beside the eight letters of ISO 9660 (SUSP 1.10, RRIP 1.10: what Linux and isoinfo read). */
interface Entry {
  readonly name: string;
  readonly folder: boolean;
  readonly links: number;
}

const FOLDER = 0o040_500;
const FILE = 0o100_400;

/** PX: rights, links, owner (root). The volume may hold a host key: others on the machine shall not read it. */
export function rights({ folder, links }: Pick<Entry, 'folder' | 'links'>): Buffer {
  return field('PX', both32(folder ? FOLDER : FILE), both32(links), both32(0), both32(0));
}

/** PX, and NM: the real name. */
export function named(entry: Entry): Buffer {
  return Buffer.concat([rights(entry), field('NM', Buffer.from([0]), Buffer.from(entry.name))]);
}

/** What the root's own record begins with: SP (the extension is in use), and where its ER stands (CE). */
export function announcement(sector: number): Buffer {
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
export const EXTENSION = field(
  'ER',
  Buffer.from([ID.length, ABOUT.length, SOURCE.length, 1]),
  padded(ID + ABOUT + SOURCE, ID.length + ABOUT.length + SOURCE.length),
);

function field(signature: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(signature), Buffer.from([body.length + 4, 1]), body]);
}
