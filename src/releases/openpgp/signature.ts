import { byteAt, malformed, readMpi } from './packets.ts';

/** Hash algorithms of RFC 9580, 9.5 that we can compute; everything else is refused. */
const HASHES = new Map([
  [2, 'sha1'],
  [8, 'sha256'],
  [9, 'sha384'],
  [10, 'sha512'],
  [11, 'sha224'],
] as const);
export type HashName = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** Signature types (RFC 9580, 5.2.1). */
export const TYPE = {
  binary: 0x00,
  text: 0x01,
  subkeyBinding: 0x18,
  primaryBinding: 0x19,
  directKey: 0x1f,
  keyRevocation: 0x20,
  subkeyRevocation: 0x28,
} as const;

/** A version 4 signature packet. Times are seconds since 1970. */
export interface Signature {
  readonly type: number;
  readonly keyAlgorithm: number;
  readonly hash: HashName | undefined;
  readonly created: number;
  readonly expiresAfter: number | undefined;
  readonly keyExpiresAfter: number | undefined;
  readonly keyFlags: number | undefined;
  /** Only hints for finding the key: what counts is whether that key made the signature. */
  readonly issuerFingerprint: string | undefined;
  readonly issuerKeyId: string | undefined;
  /** A signing subkey's own signature over the primary key (0x19). */
  readonly embedded: Signature | undefined;
  /** Why no verifier may accept it, if so: an unknown critical subpacket (RFC 9580, 5.2.3.7). */
  readonly unsupported: string | undefined;
  /** What follows the data in the hash: the hashed part and its length (RFC 9580, 5.2.4). */
  readonly trailer: Buffer;
  readonly left16: number;
  readonly value: Buffer;
}

interface Fields {
  created?: number;
  expiresAfter?: number;
  keyExpiresAfter?: number;
  keyFlags?: number;
  issuerFingerprint?: string;
  issuerKeyId?: string;
  embedded?: Signature | undefined;
  unsupported?: string;
}

/**
 * Reads a signature packet's body. Undefined for versions other than 4: version 3 protects no creation time, and
 * version 6 belongs to keys that we do not read. Throws Failure `invalid` for malformed ones.
 */
export function parseSignature(body: Buffer, nested = false): Signature | undefined {
  if (byteAt(body, 0) !== 4) return undefined;
  byteAt(body, 5);
  const hashedEnd = 6 + body.readUInt16BE(4);
  byteAt(body, hashedEnd + 1);
  const unhashedEnd = hashedEnd + 2 + body.readUInt16BE(hashedEnd);
  byteAt(body, unhashedEnd + 1);
  const fields: Fields = {};
  readSubpackets(body.subarray(6, hashedEnd), true, nested, fields);
  readSubpackets(body.subarray(hashedEnd + 2, unhashedEnd), false, nested, fields);
  if (fields.created === undefined) throw malformed('a signature without a time');
  const hashed = body.subarray(0, hashedEnd);
  const end = Buffer.from([4, 0xff, 0, 0, 0, 0]);
  end.writeUInt32BE(hashed.length, 2);
  return {
    type: byteAt(body, 1),
    keyAlgorithm: byteAt(body, 2),
    hash: HASHES.get(byteAt(body, 3) as 2),
    created: fields.created,
    expiresAfter: fields.expiresAfter,
    keyExpiresAfter: fields.keyExpiresAfter,
    keyFlags: fields.keyFlags,
    issuerFingerprint: fields.issuerFingerprint,
    issuerKeyId: fields.issuerKeyId,
    embedded: fields.embedded,
    unsupported: fields.unsupported,
    trailer: Buffer.concat([hashed, end]),
    left16: body.readUInt16BE(unhashedEnd),
    value: signatureValue(byteAt(body, 2), body.subarray(unhashedEnd + 2)),
  };
}

// RSA: one number. EdDSA (22): r and s as numbers, whose leading zeros are gone. Ed25519 (27): 64 bytes as they are.
function signatureValue(algorithm: number, bytes: Buffer): Buffer {
  if (algorithm === 27) return bytes;
  const first = readMpi(bytes, 0);
  if (algorithm !== 22) return first.value;
  const second = readMpi(bytes, first.next);
  return Buffer.concat([leftPad(first.value, 32), leftPad(second.value, 32)]);
}

/** Puts zeros before a number. Throws Failure `invalid` for one that is longer than `length`. */
export function leftPad(bytes: Buffer, length: number): Buffer {
  if (bytes.length > length) throw malformed('a number is too long');
  return Buffer.concat([Buffer.alloc(length - bytes.length), bytes]);
}

function readSubpackets(area: Buffer, hashed: boolean, nested: boolean, into: Fields): void {
  let at = 0;
  while (at < area.length) {
    const { length, next } = subpacketLength(area, at);
    if (length === 0 || next + length > area.length) throw malformed('a subpacket is cut short');
    const type = byteAt(area, next);
    readSubpacket(type & 0x7f, (type & 0x80) !== 0, area.subarray(next + 1, next + length), hashed, nested, into);
    at = next + length;
  }
}

// RFC 9580, 5.2.3.7: unlike in packets, 192 to 254 all mean two bytes.
function subpacketLength(area: Buffer, at: number): { readonly length: number; readonly next: number } {
  const first = byteAt(area, at);
  if (first < 192) return { length: first, next: at + 1 };
  if (first < 255) return { length: ((first - 192) << 8) + byteAt(area, at + 1) + 192, next: at + 2 };
  byteAt(area, at + 4);
  return { length: area.readUInt32BE(at + 1), next: at + 5 };
}

// Subpackets that change nothing for us: exportable 4, trust 5, revocable 7, preferences 11 21 22 23 24 25 30 34,
// primary user id 25, policy 26, signer's user id 28, revocation reason 29, intended recipient 35.
const HARMLESS = new Set([4, 5, 7, 11, 21, 22, 23, 24, 25, 26, 28, 29, 30, 34, 35]);

function readSubpacket(
  type: number,
  critical: boolean,
  body: Buffer,
  hashed: boolean,
  nested: boolean,
  into: Fields,
): void {
  if (type === 16 && body.length === 8) into.issuerKeyId ??= hex(body);
  else if (type === 33 && body.length === 21 && body[0] === 4) into.issuerFingerprint ??= hex(body.subarray(1));
  else if (type === 32 && !nested) into.embedded ??= parseEmbedded(body);
  // The unhashed part is not signed: from there only what proves itself is taken.
  else if (!hashed) return;
  else if (type === 2) into.created = uint32(body);
  else if (type === 3) into.expiresAfter = uint32(body);
  else if (type === 9) into.keyExpiresAfter = uint32(body);
  else if (type === 27) into.keyFlags = body[0] ?? 0;
  else if (critical && !HARMLESS.has(type)) into.unsupported = `unknown critical subpacket ${type}`;
}

function parseEmbedded(body: Buffer): Signature | undefined {
  const inner = parseSignature(body, true);
  return inner?.type === TYPE.primaryBinding ? inner : undefined;
}

function uint32(body: Buffer): number {
  if (body.length !== 4) throw malformed('a time of the wrong length');
  return body.readUInt32BE(0);
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}
