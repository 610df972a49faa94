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
