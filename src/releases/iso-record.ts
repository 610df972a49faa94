/** A directory record (ECMA-119 9.1). */
export interface IsoRecord {
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
export interface SuspField {
  readonly sign: string;
  readonly data: Buffer;
}

const FIXED = 33;

/** Undefined for a record whose lengths do not fit. `bytes` is the whole record. */
export function readRecord(bytes: Buffer): IsoRecord | undefined {
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
export function readFields(area: Buffer): readonly SuspField[] {
  const fields: SuspField[] = [];
  for (let at = 0; at + 4 <= area.length;) {
    const sign = area.toString('latin1', at, at + 2);
    const length = area.readUInt8(at + 2);
    if (!/^[A-Z0-9]{2}$/.test(sign) || sign === 'ST' || length < 4 || at + length > area.length) break;
    fields.push({ sign, data: area.subarray(at + 4, at + length) });
    at += length;
  }
  return fields;
}

/** The name in a plain or Joliet record, without the version (`;1`) and the dot of a file without an ending. */
export function shortName(name: Buffer, joliet: boolean): string {
  const text = joliet
    ? Buffer.from(name)
        .subarray(0, name.length & ~1)
        .swap16()
        .toString('utf16le')
    : name.toString('latin1');
  return text.replace(/;\d{1,5}$/, '').replace(/\.$/, '');
}

/** Rock Ridge's name (NM, in one or more pieces); undefined where a record has none. */
export function rockRidgeName(fields: readonly SuspField[]): string | undefined {
  const pieces = fields.filter(({ sign, data }) => sign === 'NM' && data.length >= 1 && ((data[0] ?? 0) & 0x06) === 0);
  return pieces.length === 0 ? undefined : Buffer.concat(pieces.map(({ data }) => data.subarray(1))).toString('utf8');
}

/** What Rock Ridge says a record is, if it is no file of plain bytes. */
export function oddity(fields: readonly SuspField[]): 'link' | 'packed' | undefined {
  if (fields.some(({ sign }) => sign === 'SL')) return 'link';
  return fields.some(({ sign }) => sign === 'ZF') ? 'packed' : undefined;
}
