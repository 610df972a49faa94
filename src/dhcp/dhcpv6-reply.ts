import type { BootOffer } from '../boot/boot-programs.ts';
import type { NetworkFacts } from '../model/ipv4.ts';
import { type Ipv6Network, ipv6Bytes, ipv6Text, isInIpv6Network } from '../model/ipv6.ts';
import type { Addresses6 } from './dhcpv6-addresses.ts';
import { type Client6, clientOf6, netbootMachine6 } from './dhcpv6-client.ts';
import {
  type Dhcp6Packet,
  encodeDhcp6,
  encodeOptions6,
  type Fields6,
  MESSAGE6,
  numbers6,
  OPTION6,
  type Options6,
  readOptions6,
  STATUS6,
} from './dhcpv6-packet.ts';
import { searchValue } from './lease-options.ts';
import type { NetbootMachine } from './machine.ts';

/** A message, and where it came from. */
export interface Question6 {
  readonly packet: Dhcp6Packet;
  /** The address that sent it to us: the client's, or a relay's. */
  readonly from: string;
  /** In which the client is. */
  readonly network: Ipv6Network;
  /** Our address as the client reaches it. */
  readonly server: string;
}

export type Answer6 =
  | {
      readonly kind: 'advertise' | 'reply';
      readonly bytes: Buffer;
      /** What the client has from now on. */
      readonly address?: string | undefined;
      readonly client?: Client6 | undefined;
      readonly machine?: NetbootMachine | undefined;
      readonly file?: string | undefined;
      /** Why it is told no boot program, though it asks for one. */
      readonly noFile?: string | undefined;
    }
  /** Fixed words: they name a metric. */
  | { readonly kind: 'silence'; readonly reason: string };

export interface Reply6Deps {
  readonly serverId: Buffer;
  readonly addresses: Addresses6;
  readonly facts: Pick<NetworkFacts, 'domain' | 'nameServers' | 'search' | 'timeServers'>;
  readonly leaseSeconds: number;
  /** Then no client waits for another server. */
  readonly authoritative: boolean;
  readonly choose: (machine: NetbootMachine, server: string) => BootOffer;
}

interface Rule {
  /** Whether it names a server: it must be us. */
  readonly server: 'must' | 'may' | 'never';
  readonly answer: (asked: Asked, deps: Reply6Deps) => Answer6;
}

interface Asked extends Question6 {
  readonly client: Client6;
  readonly associations: readonly Association[];
}

/** What a client wants an address for (IA_NA), and the addresses that it names. */
interface Association {
  readonly iaid: Buffer;
  readonly addresses: readonly string[];
}

const RULES: ReadonlyMap<number, Rule> = new Map([
  [MESSAGE6.solicit, { server: 'never', answer: solicit }],
  [MESSAGE6.request, { server: 'must', answer: give }],
  [MESSAGE6.confirm, { server: 'never', answer: confirm }],
  [MESSAGE6.renew, { server: 'must', answer: give }],
  [MESSAGE6.rebind, { server: 'never', answer: give }],
  [MESSAGE6.release, { server: 'must', answer: release }],
  [MESSAGE6.decline, { server: 'must', answer: decline }],
]);

/** What RFC 8415's server answers, with where to boot from (RFC 5970). */
export function reply6(question: Question6, deps: Reply6Deps): Answer6 {
  const { packet, from } = question;
  const { options, type } = packet;
  const [server] = options.get(OPTION6.serverId) ?? [];
  if (server !== undefined && !server.equals(deps.serverId)) return silence('meant for another server');
  if (type === MESSAGE6.informationRequest) return inform(question, deps);
  const rule = RULES.get(type);
  if (rule === undefined) return silence('not a question for a server');
  const client = clientOf6(packet, from);
  if (client.duid.length === 0) return silence('no client identifier');
  if (rule.server === 'must' && server === undefined) return silence('no server identifier');
  if (rule.server === 'never' && server !== undefined) return silence('a server identifier where none belongs');
  const associations = associationsOf(options);
  if (associations === undefined) return silence('broken addresses');
  return rule.answer({ ...question, client, associations }, deps);
}

/** Undefined where one of them is broken. */
function associationsOf(options: Options6): readonly Association[] | undefined {
  const found: Association[] = [];
  for (const value of options.get(OPTION6.addresses) ?? []) {
    const inner = value.length < 12 ? 'too short' : readOptions6(value.subarray(12));
    if (typeof inner === 'string') return undefined;
    const named = inner.get(OPTION6.address) ?? [];
    if (named.some((one) => one.length < 24)) return undefined;
    found.push({ iaid: value.subarray(0, 4), addresses: named.map((one) => ipv6Text(one.subarray(0, 16))) });
  }
  return found;
}

function solicit(asked: Asked, deps: Reply6Deps): Answer6 {
  if (asked.packet.options.has(OPTION6.rapidCommit)) return give(asked, deps, [[OPTION6.rapidCommit, Buffer.alloc(0)]]);
  const { address, options } = addressOptions(asked, deps);
  const preference: Fields6 = deps.authoritative ? [[OPTION6.preference, Buffer.from([255])]] : [];
  const boot = bootOptions6(asked, asked.client, deps);
  const { machine, file, noFile } = boot;
  const fields = [...options, ...preference, ...factOptions(asked.packet, deps), ...boot.options];
  return { kind: 'advertise', bytes: sent(asked, MESSAGE6.advertise, fields, deps), address, machine, file, noFile };
}

function give(asked: Asked, deps: Reply6Deps, extra: Fields6 = []): Answer6 {
  const { client, packet } = asked;
  const { address, options } = addressOptions(asked, deps);
  if (address !== undefined) deps.addresses.give(client, address);
  const boot = bootOptions6(asked, client, deps);
  const { machine, file, noFile } = boot;
  const fields = [...extra, ...options, ...factOptions(packet, deps), ...boot.options];
  return { kind: 'reply', bytes: sent(asked, MESSAGE6.reply, fields, deps), address, client, machine, file, noFile };
}

function confirm(asked: Asked, deps: Reply6Deps): Answer6 {
  const named = asked.associations.flatMap(({ addresses }) => addresses);
  if (named.length === 0) return silence('confirms no address');
  const here = named.every((address) => isInIpv6Network(asked.network, ipv6Bytes(address)));
  return told(asked, here ? STATUS6.success : STATUS6.notOnLink, deps);
}

function release(asked: Asked, deps: Reply6Deps): Answer6 {
  for (const { addresses } of asked.associations) {
    for (const address of addresses) deps.addresses.release(asked.client, address);
  }
  return told(asked, STATUS6.success, deps);
}

function decline(asked: Asked, deps: Reply6Deps): Answer6 {
  for (const { addresses } of asked.associations) {
    for (const address of addresses) deps.addresses.decline(asked.client, address);
  }
  return told(asked, STATUS6.success, deps);
}

function told(asked: Asked, status: number, deps: Reply6Deps): Answer6 {
  return { kind: 'reply', bytes: sent(asked, MESSAGE6.reply, [[OPTION6.status, statusValue(status)]], deps) };
}

/** A machine that has its address by other means, as the router says it (RFC 8415 18.3.6). */
function inform(question: Question6, deps: Reply6Deps): Answer6 {
  const { packet, from } = question;
  const wants = [OPTION6.addresses, OPTION6.temporary, OPTION6.prefixes].some((code) => packet.options.has(code));
  if (wants) return silence('addresses in a question for information');
  const client = clientOf6(packet, from);
  const boot = bootOptions6(question, client, deps);
  const { machine, file, noFile } = boot;
  const fields = [...factOptions(packet, deps), ...boot.options];
  return { kind: 'reply', bytes: sent(question, MESSAGE6.reply, fields, deps), client, machine, file, noFile };
}

/** One address for each card; what else is asked for is refused, one by one. */
function addressOptions(asked: Asked, deps: Reply6Deps): { address: string | undefined; options: Fields6 } {
  const { associations, client, network, packet } = asked;
  const named = associations[0]?.addresses ?? [];
  const address = associations.length === 0 ? undefined : deps.addresses.choose(client, network, named);
  const seconds = deps.leaseSeconds;
  const options: [number, Buffer][] = associations.map(({ iaid, addresses }, index) => {
    const given = index === 0 ? address : undefined;
    // What it has and must not have: its life ends.
    const wrong = addresses.filter((one) => one !== given);
    const inner: Fields6 = [
      ...(given === undefined ? [] : [addressField(given, seconds)]),
      ...(packet.type === MESSAGE6.renew || packet.type === MESSAGE6.rebind
        ? wrong.map((one) => addressField(one, 0))
        : []),
      ...(given === undefined ? ([[OPTION6.status, statusValue(STATUS6.noAddresses)]] satisfies Fields6) : []),
    ];
    return [OPTION6.addresses, association(iaid, seconds, inner)];
  });
  for (const value of packet.options.get(OPTION6.temporary) ?? []) {
    const status = encodeOptions6([[OPTION6.status, statusValue(STATUS6.noAddresses)]]);
    options.push([OPTION6.temporary, Buffer.concat([iaidOf(value), status])]);
  }
  for (const value of packet.options.get(OPTION6.prefixes) ?? []) {
    options.push([OPTION6.prefixes, association(iaidOf(value), 0, [[OPTION6.status, statusValue(STATUS6.noPrefix)]])]);
  }
  return { address, options };
}

function iaidOf(value: Buffer): Buffer {
  return Buffer.concat([value.subarray(0, 4), Buffer.alloc(4)]).subarray(0, 4);
}

/** Asked again after half of its life (T1), of anyone after four fifths (T2). */
function association(iaid: Buffer, seconds: number, inner: Fields6): Buffer {
  const times = Buffer.alloc(8);
  times.writeUInt32BE(Math.floor(seconds / 2), 0);
  times.writeUInt32BE(Math.floor(seconds * 0.8), 4);
  return Buffer.concat([iaid, times, encodeOptions6(inner)]);
}

function addressField(address: string, seconds: number): readonly [number, Buffer] {
  const lives = Buffer.alloc(8);
  lives.writeUInt32BE(seconds, 0);
  lives.writeUInt32BE(seconds, 4);
  return [OPTION6.address, Buffer.concat([ipv6Bytes(address), lives])];
}

function statusValue(status: number): Buffer {
  return Buffer.from([0, status]);
}

/** What is told of the network where it is asked for. */
function factOptions({ options }: Dhcp6Packet, { facts }: Reply6Deps): Fields6 {
  const asked = numbers6(options.get(OPTION6.asked)?.[0]);
  const ipv6 = (addresses: readonly string[]): readonly Buffer[] =>
    addresses.filter((address) => address.includes(':')).map(ipv6Bytes);
  const nameServers = ipv6(facts.nameServers);
  const timeServers = ipv6(facts.timeServers);
  const domains = [...(facts.domain === undefined ? [] : [facts.domain]), ...facts.search];
  const all: Fields6 = [
    ...(nameServers.length === 0 ? [] : [[OPTION6.nameServers, Buffer.concat(nameServers)] as const]),
    ...(domains.length === 0 ? [] : [[OPTION6.search, searchValue([...new Set(domains)])] as const]),
    // RFC 5908: a server's address is suboption 1.
    ...(timeServers.length === 0
      ? []
      : [[OPTION6.timeServers, encodeOptions6(timeServers.map((one) => [1, one]))] as const]),
  ];
  return asked === undefined ? all : all.filter(([code]) => asked.includes(code));
}

/** IANA's number of Intel, whose words these are; firmware for HTTP Boot passes over an answer without them. */
const HTTP_CLIENT = Buffer.concat([Buffer.from([0, 0, 1, 0x57, 0, 10]), Buffer.from('HTTPClient')]);

interface Boot6 {
  readonly options: Fields6;
  readonly machine?: NetbootMachine;
  readonly file?: string;
  readonly noFile?: string;
}

function bootOptions6({ packet, server }: Question6, client: Client6, deps: Reply6Deps): Boot6 {
  const machine = netbootMachine6(packet, client);
  if (typeof machine === 'string')
    return machine === 'does not netboot' ? { options: [] } : { options: [], noFile: machine };
  const offer = deps.choose(machine, server);
  if (!('file' in offer)) return { options: [], machine, noFile: offer.silence };
  // RFC 5970: a URL, by TFTP, too.
  const file = offer.file.includes('://') ? offer.file : `tftp://[${server}]/${offer.file}`;
  const http: Fields6 = machine.target.http && !machine.ipxe ? [[OPTION6.vendorClass, HTTP_CLIENT]] : [];
  return { options: [[OPTION6.bootFile, Buffer.from(file)], ...http], machine, file };
}

/** The message with both identifiers, in what its relays need to bring it back. */
function sent({ packet }: Question6, type: number, fields: Fields6, { serverId }: Reply6Deps): Buffer {
  const client = (packet.options.get(OPTION6.clientId) ?? []).map((value) => [OPTION6.clientId, value] as const);
  const message = encodeDhcp6({ type, xid: packet.xid, options: [...client, [OPTION6.serverId, serverId], ...fields] });
  return packet.relays.reduceRight((inner, { hops, link, peer, options }) => {
    const head = Buffer.concat([Buffer.from([MESSAGE6.relayReply, hops]), ipv6Bytes(link), ipv6Bytes(peer)]);
    const echoed = (options.get(OPTION6.interfaceId) ?? []).map((value) => [OPTION6.interfaceId, value] as const);
    return Buffer.concat([head, encodeOptions6([...echoed, [OPTION6.relayMessage, inner]])]);
  }, message);
}

function silence(reason: string): Answer6 {
  return { kind: 'silence', reason };
}
