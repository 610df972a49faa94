import { Failure } from '../../model/failure.ts';

/** One OpenPGP packet (RFC 9580, section 4.2): what kind it is and its body, without the header. */
export interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

export const TAG = { signature: 2, primaryKey: 6, marker: 10, userId: 13, subkey: 14, userAttribute: 17 } as const;

// A vendor's whole keyring has some hundred packets; more than this is an attempt to keep us busy.
const MOST_PACKETS = 20_000;

/**
 * Splits a binary OpenPGP block. Partial and indeterminate lengths are refused: they exist for streamed data packets
 * (RFC 9580, 4.2.1.4), never for keys and signatures. Throws Failure `invalid`.
 */
export function readPackets(bytes: Buffer): readonly Packet[] {
  const packets: Packet[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (packets.length === MOST_PACKETS) throw malformed('too many packets');
    const first = byteAt(bytes, at);
    if ((first & 0x80) === 0) throw malformed('not an OpenPGP packet');
    const modern = (first & 0x40) !== 0;
    const tag = modern ? first & 0x3f : (first >> 2) & 0x0f;
    const { length, next } = modern ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, first & 0x03);
    if (next + length > bytes.length) throw malformed('a packet is cut short');
    packets.push({ tag, body: bytes.subarray(next, next + length) });
    at = next + length;
  }
  return packets;
}

interface Length {
  readonly length: number;
  readonly next: number;
}

function newLength(bytes: Buffer, at: number): Length {
  const first = byteAt(bytes, at);
  if (first < 192) return { length: first, next: at + 1 };
  if (first < 224) return { length: ((first - 192) << 8) + byteAt(bytes, at + 1) + 192, next: at + 2 };
  if (first < 255) throw malformed('a key or signature with a partial length');
  byteAt(bytes, at + 4);
  return { length: bytes.readUInt32BE(at + 1), next: at + 5 };
}

function oldLength(bytes: Buffer, at: number, kind: number): Length {
  if (kind === 3) throw malformed('a key or signature with an indeterminate length');
  const width = 1 << kind;
  byteAt(bytes, at + width - 1);
  return { length: bytes.readUIntBE(at, width), next: at + width };
}

/** Like `bytes[at]`, but what ends too early is an answer to the sender, not a bug. */
export function byteAt(bytes: Buffer, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw malformed('cut short');
  return value;
}

/** A multiprecision integer (RFC 9580, 3.2): its bytes and where the next thing begins. */
export function readMpi(bytes: Buffer, at: number): { readonly value: Buffer; readonly next: number } {
  byteAt(bytes, at + 1);
  const length = (bytes.readUInt16BE(at) + 7) >> 3;
  const next = at + 2 + length;
  if (next > bytes.length) throw malformed('a number is cut short');
  return { value: bytes.subarray(at + 2, next), next };
}

/** Failure `invalid` for bytes that are no OpenPGP data. */
export function malformed(what: string, cause?: unknown): Failure {
  return new Failure('invalid', `malformed OpenPGP data: ${what}`, cause === undefined ? {} : { cause });
}

const BLOCK = /-----BEGIN PGP ([A-Z ]{1,40})-----\r?\n([\s\S]*?)-----END PGP \1-----/g;
const BEGIN = /-----BEGIN PGP ([A-Z ]{1,40})-----/g;
const CLEARTEXT = '-----BEGIN PGP SIGNED MESSAGE-----';
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----';

/** True for ASCII armour; anything else is taken as binary. */
export function isArmored(bytes: Buffer): boolean {
  return bytes.subarray(0, 512).toString('latin1').trimStart().startsWith('-----BEGIN PGP ');
}

/**
 * The binary content of every armoured block of one kind ("SIGNATURE", "PUBLIC KEY BLOCK"), or the bytes themselves
 * when they are not armoured. The CRC is not looked at (RFC 9580, 6.1: it protects nothing that a signature does not).
 * Throws Failure `invalid` when there is no such block, or when a block of another kind is there: an inline-signed
 * message offered as a detached signature is not one (CVE-2025-47934 was a verifier that confused the two).
 */
export function dearmor(bytes: Buffer, kind: 'SIGNATURE' | 'PUBLIC KEY BLOCK'): Buffer {
  if (!isArmored(bytes)) return bytes;
  const text = bytes.toString('latin1');
  const stranger = [...text.matchAll(BEGIN)].find(([, label]) => label !== kind);
  if (stranger !== undefined) throw malformed(`a PGP ${stranger[1] ?? ''} where a PGP ${kind} belongs`);
  const parts = [...text.matchAll(BLOCK)].map(([, , body]) => decode(body ?? ''));
  if (parts.length === 0) throw malformed(`no complete PGP ${kind}`);
  return Buffer.concat(parts);
}

function decode(body: string): Buffer {
  // Header lines ("Version: ...") end with an empty line; there may be none but the empty line is always there.
  const lines = body.split(/\r?\n/);
  const empty = lines.findIndex((line) => line.trim() === '');
  if (empty < 0 || lines.slice(0, empty).some((line) => !/^[A-Za-z]+: /.test(line))) throw malformed('armour headers');
  const data = lines
    .slice(empty + 1)
    .filter((line) => !/^=[A-Za-z0-9+/]{4}$/.test(line))
    .join('')
    .trim();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data)) throw malformed('armour that is not base64');
  return Buffer.from(data, 'base64');
}

/** A text and the signatures over it. */
interface Cleartext {
  /** What was signed, for reading: lines end with LF. Nothing outside of the signed part is in it. */
  readonly text: string;
  /** What was signed, for hashing: CRLF between lines, none after the last, no white space at line ends. */
  readonly canonical: Buffer;
  readonly signatures: Buffer;
}

/** Reads a cleartext-signed message (RFC 9580, section 7). Text before or after it is refused. Throws Failure `invalid`. */
export function readCleartext(bytes: Buffer): Cleartext {
  const message = bytes.toString('utf8');
  const lines = message.split(/\r?\n/);
  if (lines[0] !== CLEARTEXT) throw malformed('not a cleartext-signed message');
  const blank = lines.indexOf('');
  const end = lines.indexOf(SIGNATURE);
  if (blank < 0 || end < blank || lines.slice(1, blank).some((line) => !/^Hash: [A-Za-z0-9, -]+$/.test(line)))
    throw malformed('cleartext headers');
  const content = lines.slice(blank + 1, end).map(unescapeLine);
  const tail = lines.slice(end).join('\n');
  if (
    !/^-----BEGIN PGP SIGNATURE-----\n[\s\S]*\n-----END PGP SIGNATURE-----\s*$/.test(tail) ||
    tail.split(SIGNATURE).length > 2
  )
    throw malformed('text after a cleartext signature');
  return {
    text: content.map((line) => `${line}\n`).join(''),
    canonical: Buffer.from(content.join('\r\n'), 'utf8'),
    signatures: dearmor(Buffer.from(tail, 'latin1'), 'SIGNATURE'),
  };
}

function unescapeLine(line: string): string {
  if (line.startsWith('- ')) return trimEnd(line.slice(2));
  if (line.startsWith('-')) throw malformed('a line that begins with "-" inside a cleartext message');
  return trimEnd(line);
}

// Space, tab and CR only: other white space is part of what was signed. No regular expression: /[ \t]+$/ takes
// quadratic time on a long line of blanks.
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && ' \t\r'.includes(line.charAt(end - 1))) end -= 1;
  return line.slice(0, end);
}
