import { ipv4Number, ipv4Text } from '../model/ipv4.ts';
import { type Mac, macOfBytes } from '../model/machine.ts';

/** Option codes that are read or written here (RFC 2132, 4578; 175 is iPXE's own). */
export const OPTION = {
  pad: 0,
  netmask: 1,
  routers: 3,
  nameServers: 6,
  hostName: 12,
  domain: 15,
  broadcast: 28,
  timeServers: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  lease: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  asked: 55,
  maxSize: 57,
  renewAfter: 58,
  rebindAfter: 59,
  vendorClass: 60,
  clientId: 61,
  bootFile: 67,
  userClass: 77,
  relayAgent: 82,
  architecture: 93,
  uuid: 97,
  search: 119,
  routes: 121,
  ipxe: 175,
  end: 255,
} as const;

/** RFC 2132 9.6. */
export const MESSAGE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

export const BOOT_REQUEST = 1;
export const BOOT_REPLY = 2;
/** The fixed part (236 bytes) and the magic cookie. */
const HEADER = 240;
const MAGIC = 0x63825363;
/** One Ethernet frame's payload: no client's request is longer. */
const MAX_PACKET = 1500;

/** What is in force of a DHCP packet. Addresses are dotted, `0.0.0.0` when unset. */
export interface DhcpPacket {
  readonly op: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly giaddr: string;
  /** Only Ethernet (htype 1, hlen 6) is read. */
  readonly mac: Mac;
  /** The boot file field, unless it was overloaded with options. */
  readonly file: string;
  readonly options: ReadonlyMap<number, Buffer>;
}

/** `255.255.255.255`. */
function dotted(bytes: Buffer, at: number): string {
  return `${bytes.readUInt8(at)}.${bytes.readUInt8(at + 1)}.${bytes.readUInt8(at + 2)}.${bytes.readUInt8(at + 3)}`;
}

/**
 * Reads one field of options into `into`; the reason when it is broken. It must end with option 255. An option that
 * comes again continues the earlier one only where that filled all its 255 bytes (RFC 3396); anything else that comes
 * twice is an attack or a bug, and which of the two counts is not known.
 */
function readOptions(field: Buffer, into: Map<number, Buffer>): string | undefined {
  const full = new Set<number>();
  let at = 0;
  while (at < field.length) {
    const code = field.readUInt8(at);
    if (code === OPTION.end) return undefined;
    if (code === OPTION.pad) {
      at += 1;
      continue;
    }
    const length = field[at + 1];
    if (length === undefined || at + 2 + length > field.length) return 'option past the end';
    const value = field.subarray(at + 2, at + 2 + length);
    const earlier = into.get(code);
    if (earlier !== undefined && !full.has(code)) return 'duplicate option';
    into.set(code, earlier === undefined ? value : Buffer.concat([earlier, value]));
    if (length === 255) full.add(code);
    else full.delete(code);
    at += 2 + length;
  }
  return 'no end option';
}

type ParsedDhcp = { readonly ok: true; readonly packet: DhcpPacket } | { readonly ok: false; readonly reason: string };

const FILE = { start: 108, end: 236 };
const SNAME = { start: 44, end: 108 };

/** Reads any bytes (RFC 2131 section 2); never throws. The reasons are fixed words: they name a metric. */
export function parseDhcp(bytes: Buffer): ParsedDhcp {
  if (bytes.length < HEADER + 1) return reject('too short');
  if (bytes.length > MAX_PACKET) return reject('too long');
  if (bytes.readUInt32BE(HEADER - 4) !== MAGIC) return reject('no magic cookie');
  if (bytes[1] !== 1 || bytes[2] !== 6) return reject('not Ethernet');
  const options = new Map<number, Buffer>();
  const main = readOptions(bytes.subarray(HEADER), options);
  if (main !== undefined) return reject(main);
  const overload = options.get(OPTION.overload);
  if (overload !== undefined) {
    const broken = readOverloaded(bytes, overload, options);
    if (broken !== undefined) return reject(broken);
  }
  const fileHoldsOptions = ((overload?.[0] ?? 0) & 1) === 1;
  return {
    ok: true,
    packet: {
      op: bytes.readUInt8(0),
      hops: bytes.readUInt8(3),
      xid: bytes.readUInt32BE(4),
      secs: bytes.readUInt16BE(8),
      flags: bytes.readUInt16BE(10),
      ciaddr: dotted(bytes, 12),
      yiaddr: dotted(bytes, 16),
      siaddr: dotted(bytes, 20),
      giaddr: dotted(bytes, 24),
      mac: macOfBytes(bytes.subarray(28, 34)),
      file: fileHoldsOptions ? '' : text(bytes.subarray(FILE.start, FILE.end)),
      options,
    },
  };
}

/** RFC 2132 9.3: the file field first, then sname. They may not say again that there is more. */
function readOverloaded(bytes: Buffer, overload: Buffer, options: Map<number, Buffer>): string | undefined {
  const value = overload[0] ?? 0;
  if (overload.length !== 1 || value < 1 || value > 3) return 'bad overload';
  const fields = [...((value & 1) === 1 ? [FILE] : []), ...((value & 2) === 2 ? [SNAME] : [])];
  for (const { start, end } of fields) {
    const broken = readOptions(bytes.subarray(start, end), options);
    if (broken !== undefined) return broken;
  }
  return undefined;
}

function reject(reason: string): ParsedDhcp {
  return { ok: false, reason };
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? field.length : end);
}

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
  const size = fields.options.reduce((sum, [, value]) => sum + value.length + 2 * pieces(value), HEADER + 1);
  // Written in place: a room of a thousand that gets its power back asks for thousands of them in a second.
  // From the pool: memory of its own for each is what the garbage collector would be busy with.
  const packet = Buffer.allocUnsafe(Math.max(MIN_SIZE, size)).fill(0);
  packet.writeUInt8(fields.op, 0);
  packet.writeUInt16BE(0x0106, 1);
  packet.writeUInt32BE(fields.xid, 4);
  packet.writeUInt16BE(fields.secs ?? 0, 8);
  packet.writeUInt16BE(fields.flags ?? 0, 10);
  packet.writeUInt32BE(numberOf(fields.ciaddr), 12);
  packet.writeUInt32BE(numberOf(fields.yiaddr), 16);
  packet.writeUInt32BE(numberOf(fields.siaddr), 20);
  packet.writeUInt32BE(numberOf(fields.giaddr), 24);
  packet.write(fields.mac.replaceAll(':', ''), 28, 6, 'hex');
  packet.write((fields.file ?? '').slice(0, 127), 108, 127, 'latin1');
  packet.writeUInt32BE(MAGIC, HEADER - 4);
  let at = HEADER;
  for (const [code, value] of fields.options) at = writeOption(packet, at, code, value);
  packet.writeUInt8(OPTION.end, at);
  return packet;
}

/** The four bytes of a dotted address; zeros for anything else. */
export function address(dotted?: string): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(numberOf(dotted));
  return bytes;
}

function numberOf(dotted = '0.0.0.0'): number {
  if (dotted === '0.0.0.0') return 0;
  const number = ipv4Number(dotted);
  return ipv4Text(number) === dotted ? number : 0;
}

/** RFC 3396: an option has at most 255 bytes, and goes on in another one of its code. */
function pieces(value: Uint8Array): number {
  return Math.max(1, Math.ceil(value.length / 255));
}

/** Where the next one goes. */
function writeOption(packet: Buffer, start: number, code: number, value: Uint8Array): number {
  let at = start;
  for (let from = 0, left = pieces(value); left > 0; left -= 1, from += 255) {
    const length = Math.min(255, value.length - from);
    packet[at] = code;
    packet[at + 1] = length;
    packet.set(length === value.length ? value : value.subarray(from, from + length), at + 2);
    at += 2 + length;
  }
  return at;
}
