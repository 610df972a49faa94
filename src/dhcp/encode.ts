import { HEADER, MAGIC, OPTION } from './packet.ts';

/** What is written into a packet; what is missing is zero. Also for clients (tests, doctor). */
export interface DhcpFields {
  readonly op: number;
  readonly xid: number;
  readonly secs?: number;
  readonly flags?: number;
  readonly ciaddr?: string;
  readonly yiaddr?: string;
  readonly siaddr?: string;
  readonly giaddr?: string;
  readonly mac: string;
  /** At most 127 bytes: it ends with a zero. */
  readonly file?: string;
  /** In this order. A value over 255 bytes is split (RFC 3396). */
  readonly options: readonly (readonly [code: number, value: Uint8Array])[];
}

/** BOOTP relays and old ROMs drop anything shorter (RFC 1542 2.1). */
const MIN_SIZE = 300;

export function encodeDhcp(fields: DhcpFields): Buffer {
  const options = fields.options.flatMap(([code, value]) => split(code, value));
  const body = Buffer.concat([...options, Buffer.from([OPTION.end])]);
  const packet = Buffer.alloc(Math.max(MIN_SIZE, HEADER + body.length));
  packet.set([fields.op, 1, 6, 0]);
  packet.writeUInt32BE(fields.xid, 4);
  packet.writeUInt16BE(fields.secs ?? 0, 8);
  packet.writeUInt16BE(fields.flags ?? 0, 10);
  packet.set(address(fields.ciaddr), 12);
  packet.set(address(fields.yiaddr), 16);
  packet.set(address(fields.siaddr), 20);
  packet.set(address(fields.giaddr), 24);
  packet.write(fields.mac.replaceAll(':', ''), 28, 6, 'hex');
  packet.write((fields.file ?? '').slice(0, 127), 108, 127, 'latin1');
  packet.writeUInt32BE(MAGIC, HEADER - 4);
  body.copy(packet, HEADER);
  return packet;
}

/** The four bytes of a dotted address; zeros for anything else. */
export function address(dotted = '0.0.0.0'): Buffer {
  const parts = dotted.split('.').map(Number);
  const valid = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
  return Buffer.from(valid ? parts : [0, 0, 0, 0]);
}

function split(code: number, value: Uint8Array): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  do {
    const piece = value.subarray(at, at + 255);
    pieces.push(Buffer.from([code, piece.length]), Buffer.from(piece));
    at += 255;
  } while (at < value.length);
  return pieces;
}
