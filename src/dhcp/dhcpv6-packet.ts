import { ipv6Text } from '../model/ipv6.ts';

/** Option codes that are read or written here (RFC 8415, 3646, 5908, 5970, 6939). */
export const OPTION6 = {
  clientId: 1,
  serverId: 2,
  addresses: 3,
  temporary: 4,
  address: 5,
  asked: 6,
  preference: 7,
  elapsed: 8,
  relayMessage: 9,
  status: 13,
  rapidCommit: 14,
  userClass: 15,
  vendorClass: 16,
  interfaceId: 18,
  nameServers: 23,
  search: 24,
  prefixes: 25,
  timeServers: 56,
  bootFile: 59,
  architecture: 61,
  linkLayer: 79,
} as const;

/** RFC 8415 7.3. */
export const MESSAGE6 = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  informationRequest: 11,
  relayForward: 12,
  relayReply: 13,
} as const;

/** RFC 8415 21.13. */
export const STATUS6 = { success: 0, noAddresses: 2, notOnLink: 4, noPrefix: 6 } as const;

/** Of an option that may come more than once all values, in their order. */
export type Options6 = ReadonlyMap<number, readonly Buffer[]>;

/** A message of a client or a server. */
export interface Dhcp6Message {
  readonly type: number;
  readonly xid: number;
  readonly options: Options6;
}

/** What a relay put around a message (RFC 8415 9). */
export interface Relay6 {
  readonly hops: number;
  /** In the network of the client; `::` where the relay is none of the client's routers. */
  readonly link: string;
  /** Who sent it to the relay: the client, or another relay. */
  readonly peer: string;
  readonly options: Options6;
}

export interface Dhcp6Packet extends Dhcp6Message {
  /** The one that sent it to us first. */
  readonly relays: readonly Relay6[];
}

type Parsed6 = { readonly ok: true; readonly packet: Dhcp6Packet } | { readonly ok: false; readonly reason: string };

/** No client's message is longer, even with what relays put around it. */
const MAX_PACKET = 4096;
/** Type, hops, two addresses. */
const RELAY_HEADER = 34;
/** HOP_COUNT_LIMIT. */
const MOST_RELAYS = 8;
const CLIENT_HEADER = 4;
const OPTION_HEADER = 4;

/** Reads any bytes; never throws. The reasons are fixed words: they name a metric. */
export function parseDhcp6(bytes: Buffer): Parsed6 {
  if (bytes.length > MAX_PACKET) return { ok: false, reason: 'too long' };
  const relays: Relay6[] = [];
  let rest = bytes;
  while (rest[0] === MESSAGE6.relayForward) {
    if (rest.length < RELAY_HEADER) return { ok: false, reason: 'too short' };
    if (relays.length === MOST_RELAYS) return { ok: false, reason: 'too many relays' };
    const options = readOptions6(rest.subarray(RELAY_HEADER));
    if (typeof options === 'string') return { ok: false, reason: options };
    const [inner] = options.get(OPTION6.relayMessage) ?? [];
    if (inner === undefined) return { ok: false, reason: 'an empty relay message' };
    const [link, peer] = [ipv6Text(rest.subarray(2, 18)), ipv6Text(rest.subarray(18, RELAY_HEADER))];
    relays.push({ hops: rest.readUInt8(1), link, peer, options });
    rest = inner;
  }
  if (rest.length < CLIENT_HEADER) return { ok: false, reason: 'too short' };
  const options = readOptions6(rest.subarray(CLIENT_HEADER));
  if (typeof options === 'string') return { ok: false, reason: options };
  return { ok: true, packet: { type: rest.readUInt8(0), xid: rest.readUIntBE(1, 3), options, relays } };
}

/** What a client may say for each of its interfaces, or each maker. */
const REPEATABLE: ReadonlySet<number> = new Set([
  OPTION6.addresses,
  OPTION6.temporary,
  OPTION6.prefixes,
  OPTION6.address,
  OPTION6.vendorClass,
  17,
]);

/** The options of a message, a relay or an association; the reason where they are broken or contradict each other. */
export function readOptions6(field: Buffer): Options6 | string {
  const options = new Map<number, Buffer[]>();
  let at = 0;
  while (at < field.length) {
    if (at + OPTION_HEADER > field.length) return 'option past the end';
    const code = field.readUInt16BE(at);
    const end = at + OPTION_HEADER + field.readUInt16BE(at + 2);
    if (end > field.length) return 'option past the end';
    const value = field.subarray(at + OPTION_HEADER, end);
    const earlier = options.get(code);
    // Which of the two counts is not known: an attack, or a bug.
    if (earlier !== undefined && !REPEATABLE.has(code))
      return code === OPTION6.clientId ? 'two client identifiers' : 'duplicate option';
    if (earlier === undefined) options.set(code, [value]);
    else earlier.push(value);
    at = end;
  }
  return options;
}

export type Fields6 = readonly (readonly [code: number, value: Uint8Array])[];

export function encodeDhcp6({ type, xid, options }: { type: number; xid: number; options: Fields6 }): Buffer {
  const head = Buffer.from([type, 0, 0, 0]);
  head.writeUIntBE(xid, 1, 3);
  return Buffer.concat([head, encodeOptions6(options)]);
}

export function encodeOptions6(options: Fields6): Buffer {
  return Buffer.concat(
    options.flatMap(([code, value]) => {
      const head = Buffer.alloc(OPTION_HEADER);
      head.writeUInt16BE(code, 0);
      head.writeUInt16BE(value.length, 2);
      return [head, value];
    }),
  );
}

/** A list of 16-bit numbers, as options 6 and 61 are. Undefined for what is none. */
export function numbers6(value: Buffer | undefined): readonly number[] | undefined {
  if (value === undefined || value.length % 2 !== 0) return undefined;
  return Array.from({ length: value.length / 2 }, (_, index) => value.readUInt16BE(2 * index));
}

/** Strings with their length in 16 bits before each, as options 15 and 16 hold them. */
export function strings6(value: Buffer): readonly string[] {
  const strings: string[] = [];
  let at = 0;
  while (at + 2 <= value.length) {
    const end = at + 2 + value.readUInt16BE(at);
    if (end > value.length) break;
    strings.push(value.toString('latin1', at + 2, end));
    at = end;
  }
  return strings;
}
