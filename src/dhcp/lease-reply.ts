import type { BootOffer } from '../boot/boot-programs.ts';
import { RASPBERRY_PI } from '../boot/raspberry-pi.ts';
import { asFailure, type Failure } from '../model/failure.ts';
import { ipv4Number, isInNetwork, type NetworkFacts } from '../model/ipv4.ts';
import type { Mac } from '../model/machine.ts';
import type { Allocator, Client } from './allocator.ts';
import type { Lease, LeaseBook } from './lease-book.ts';
import { networkOptions, wishedOptions } from './lease-options.ts';
import { netbootMachine, type NetbootMachine, raspberryPiOf, uuidOf } from './machine.ts';
import { address, BOOT_REPLY, type DhcpPacket, encodeDhcp, MESSAGE, OPTION } from './packet.ts';
import { bootOptions } from './proxy-reply.ts';
import type { Subnet } from './subnets.ts';

/** A packet of a client, and where it stands. */
export interface LeaseQuestion {
  readonly packet: DhcpPacket;
  readonly subnet: Subnet;
  /** Our address as the client or its relay reaches it. */
  readonly server: string;
}

/** What is said; and, of an answer that gives an address, what the machine is told to load. */
export type LeaseAnswer =
  | {
      readonly kind: 'offer' | 'ack' | 'nak' | 'inform';
      readonly bytes: Buffer;
      readonly address: string | undefined;
      readonly machine?: NetbootMachine;
      readonly file?: string;
      /** Why it is told no boot program, though it asks for one. */
      readonly noFile?: string;
    }
  /** Fixed words: they name a metric. */
  | { readonly kind: 'silence'; readonly reason: string };

export interface LeaseDeps {
  readonly allocator: Allocator;
  readonly book: Pick<LeaseBook, 'at' | 'put'>;
  readonly network: NetworkFacts;
  readonly leaseSeconds: number;
  /** Whether we know of every address here: then a machine is told no where it asks for one that it cannot have. */
  readonly authoritative: boolean;
  readonly choose: (machine: NetbootMachine, server: string) => BootOffer;
  /** The name that profiles give a machine. */
  readonly nameOf: (client: Client) => string | undefined;
  /** The card that has an address now, where another than this machine's may have it. */
  readonly probe: (address: string) => Promise<Mac | undefined>;
  readonly now: () => number;
  /** An address rests now, because another machine has it (`card`), or its machine refused it. */
  readonly onConflict: (address: string, client: Client, card: Mac | undefined) => void;
  readonly onUnwritten: (failure: Failure) => void;
}

const UNSET = '0.0.0.0';
/** An address that another machine has is not offered again for so long: that machine may be switched off by then. */
const REST_MS = 600_000;
/** How many addresses are looked at before a machine must ask again. */
const PROBES = 3;
/** RFC 2131 2: every client takes 576 bytes, 28 of which are IP and UDP. */
const LEAST_SIZE = 576;
const HEADERS = 28;

/** The whole of RFC 2131's server: one packet, and what is answered. What it gives is on the disk before it is said. */
export async function leaseReply(question: LeaseQuestion, deps: LeaseDeps): Promise<LeaseAnswer> {
  const { packet } = question;
  const type = packet.options.get(OPTION.messageType);
  if (type?.length !== 1) return silence('no message type');
  const client = clientOf(packet);
  const answer = ANSWERS.get(type[0] ?? 0);
  return answer === undefined ? silence('not a question for a server') : await answer(question, client, deps);
}

type Answering = (question: LeaseQuestion, client: Client, deps: LeaseDeps) => LeaseAnswer | Promise<LeaseAnswer>;

const ANSWERS: ReadonlyMap<number, Answering> = new Map<number, Answering>([
  [MESSAGE.discover, discover],
  [MESSAGE.request, request],
  [MESSAGE.decline, decline],
  [MESSAGE.release, release],
  [MESSAGE.inform, inform],
]);

function clientOf({ mac, options }: DhcpPacket): Client {
  const guid = options.get(OPTION.uuid);
  const uuid = guid === undefined ? undefined : uuidOf(guid);
  return uuid === undefined ? { mac } : { mac, uuid };
}

async function discover(question: LeaseQuestion, client: Client, deps: LeaseDeps): Promise<LeaseAnswer> {
  const { packet, subnet } = question;
  const { allocator, book, now } = deps;
  for (let look = 0; look < PROBES; look += 1) {
    const choice = allocator.choose(client, subnet, dottedOption(packet, OPTION.requestedAddress));
    if (choice === undefined) return silence('the pool is full');
    allocator.hold(choice.address, client.mac);
    const card = choice.leased || subnet.server === undefined ? undefined : await deps.probe(choice.address);
    if (card === undefined || card === client.mac) return reply('offer', question, client, choice.address, deps);
    allocator.drop(client.mac, choice.address);
    deps.onConflict(choice.address, client, card);
    if (choice.reserved) return silence('another machine has its address');
    await put({ address: choice.address, mac: card, state: 'resting', at: now(), until: now() + REST_MS }, deps);
    // Where it could not be written, it would be chosen again.
    if (book.at(choice.address)?.state !== 'resting') break;
  }
  return silence('another machine has its address');
}

async function request(question: LeaseQuestion, client: Client, deps: LeaseDeps): Promise<LeaseAnswer> {
  const { packet, subnet, server } = question;
  const { allocator, book, authoritative } = deps;
  const chosen = dottedOption(packet, OPTION.serverId);
  const wanted = dottedOption(packet, OPTION.requestedAddress);
  if (chosen !== undefined && chosen !== server) {
    allocator.drop(client.mac);
    return silence('for another server');
  }
  const asked = packet.ciaddr === UNSET ? wanted : packet.ciaddr;
  if (asked === undefined) return silence('no address in the request');
  if (packet.ciaddr !== UNSET && wanted !== undefined && wanted !== packet.ciaddr) return silence('two addresses');
  const held = book.at(asked);
  const own = held?.mac === client.mac && held.state === 'bound' ? held : undefined;
  const may = isInNetwork(subnet, ipv4Number(asked)) && allocator.mayHave(client, subnet, asked);
  // RFC 2131 4.3.2: who remembers an address that we know nothing of may have it from another server.
  if (!authoritative && chosen === undefined && own === undefined) return silence('not known here');
  if (!may) {
    if (own !== undefined) await put({ ...own, state: 'released', until: deps.now() }, deps);
    return refuse(question);
  }
  allocator.hold(asked, client.mac);
  const name = clientName(packet);
  const [at, until] = [deps.now(), deps.now() + deps.leaseSeconds * 1000];
  const lease: Lease = { address: asked, mac: client.mac, state: 'bound', at, until };
  if (!(await put(name === undefined ? lease : { ...lease, name }, deps))) return silence('cannot be written down');
  allocator.drop(client.mac);
  return reply('ack', question, client, asked, deps);
}

/** The machine found out that another one has the address. */
async function decline({ packet, server }: LeaseQuestion, client: Client, deps: LeaseDeps): Promise<LeaseAnswer> {
  const refused = dottedOption(packet, OPTION.requestedAddress);
  const lease = refused === undefined ? undefined : deps.book.at(refused);
  if (dottedOption(packet, OPTION.serverId) !== server) return silence('for another server');
  // Only what was given to it: a stranger must not make addresses rest.
  if (lease?.mac !== client.mac || lease.state !== 'bound') return silence('refuses what it was not given');
  deps.allocator.drop(client.mac, lease.address);
  deps.onConflict(lease.address, client, undefined);
  await put({ ...lease, state: 'resting', at: deps.now(), until: deps.now() + REST_MS }, deps);
  return silence('refused its address');
}

async function release({ packet, server }: LeaseQuestion, client: Client, deps: LeaseDeps): Promise<LeaseAnswer> {
  const lease = deps.book.at(packet.ciaddr);
  if (dottedOption(packet, OPTION.serverId) !== server) return silence('for another server');
  if (lease?.mac !== client.mac || lease.state !== 'bound') return silence('gives back what it has not');
  await put({ ...lease, state: 'released', until: deps.now() }, deps);
  return silence('gave back its address');
}

function inform(question: LeaseQuestion, client: Client, deps: LeaseDeps): LeaseAnswer {
  const { packet, subnet } = question;
  if (!isInNetwork(subnet, ipv4Number(packet.ciaddr))) return silence('no network for it');
  return reply('inform', question, client, undefined, deps);
}

/** True when it is on the disk. */
async function put(lease: Lease, { book, onUnwritten }: LeaseDeps): Promise<boolean> {
  try {
    await book.put(lease);
    return true;
  } catch (error) {
    onUnwritten(asFailure(error));
    return false;
  }
}

function reply(
  kind: 'offer' | 'ack' | 'inform',
  question: LeaseQuestion,
  client: Client,
  given: string | undefined,
  deps: LeaseDeps,
): LeaseAnswer {
  const { packet, subnet, server } = question;
  const { network, leaseSeconds } = deps;
  const asked = netbootMachine(packet);
  const machine = asked === RASPBERRY_PI ? raspberryPiOf(packet) : asked;
  const boot = typeof machine === 'string' ? undefined : deps.choose(machine, server);
  const file = boot !== undefined && 'file' in boot ? boot.file : undefined;
  const isLong = (file?.length ?? 0) > 127;
  const times: [number, Buffer][] = [
    [OPTION.lease, seconds(leaseSeconds)],
    [OPTION.renewAfter, seconds(Math.floor(leaseSeconds / 2))],
    [OPTION.rebindAfter, seconds(Math.floor((leaseSeconds * 7) / 8))],
  ];
  const needed: [number, Buffer][] = [
    [OPTION.messageType, Buffer.from([kind === 'offer' ? MESSAGE.offer : MESSAGE.ack])],
    [OPTION.serverId, address(server)],
    ...(given === undefined ? [] : times),
    ...networkOptions(packet, subnet, network),
    ...(typeof machine === 'string' || file === undefined ? [] : bootOptions(packet, machine, file)),
  ];
  const bytes = encodeReply(question, {
    yiaddr: given,
    file: file !== undefined && !isLong ? file : undefined,
    siaddr: file === undefined ? undefined : server,
    options: withinSize(packet, needed, wishedOptions(packet, subnet, network, deps.nameOf(client)), endOf(packet)),
  });
  if (typeof machine === 'string') return { kind, bytes, address: given };
  if (file === undefined) return { kind, bytes, address: given, machine, noFile: silenceOf(boot) };
  return { kind, bytes, address: given, machine, file };
}

function silenceOf(boot: BootOffer | undefined): string {
  return boot !== undefined && 'silence' in boot ? boot.silence : '';
}

function refuse(question: LeaseQuestion): LeaseAnswer {
  const options: [number, Buffer][] = [
    [OPTION.messageType, Buffer.from([MESSAGE.nak])],
    [OPTION.serverId, address(question.server)],
    ...endOf(question.packet),
  ];
  return { kind: 'nak', bytes: encodeReply(question, { options, broadcast: true }), address: undefined };
}

interface ReplyFields {
  readonly yiaddr?: string | undefined;
  readonly siaddr?: string | undefined;
  readonly file?: string | undefined;
  readonly options: readonly (readonly [number, Buffer])[];
  readonly broadcast?: boolean;
}

const BROADCAST_FLAG = 0x8000;

function encodeReply({ packet }: LeaseQuestion, { broadcast = false, yiaddr, siaddr, file, options }: ReplyFields) {
  const { xid, flags, giaddr, mac } = packet;
  const ciaddr = broadcast ? UNSET : packet.ciaddr;
  // A relay can pass a refusal on as a broadcast only: the machine has no address.
  return encodeDhcp({
    ...{ op: BOOT_REPLY, xid, giaddr, mac, ciaddr, yiaddr, siaddr, file, options },
    flags: broadcast ? flags | BROADCAST_FLAG : flags,
  });
}

/** RFC 6842: the client's own identifier comes back. RFC 3046 2.2: the relay's option as it came, and last. */
function endOf({ options }: DhcpPacket): [number, Buffer][] {
  return [OPTION.clientId, OPTION.relayAgent].flatMap((code): [number, Buffer][] => {
    const value = options.get(code);
    return value === undefined ? [] : [[code, value]];
  });
}

/** As many of the wishes as fit into what the client takes. */
function withinSize(
  { options }: DhcpPacket,
  needed: readonly [number, Buffer][],
  wishes: readonly [number, Buffer][],
  end: readonly [number, Buffer][],
): readonly [number, Buffer][] {
  const said = options.get(OPTION.maxSize);
  const most = Math.min(Math.max(said?.length === 2 ? said.readUInt16BE() : 0, LEAST_SIZE), 1500) - HEADERS;
  const length = ([, value]: readonly [number, Buffer]): number =>
    value.length + 2 * Math.max(1, Math.ceil(value.length / 255));
  // The fixed part with its cookie, and the mark of the end.
  let size = 240 + 1 + [...needed, ...end].reduce((sum, option) => sum + length(option), 0);
  const fitting = wishes.filter((option) => {
    if (size + length(option) > most) return false;
    size += length(option);
    return true;
  });
  return [...needed, ...fitting, ...end];
}

/** As it calls itself, if that is a name: it goes into files and pages. */
function clientName({ options }: DhcpPacket): string | undefined {
  const name = options.get(OPTION.hostName)?.toString('latin1').replace(/\0+$/, '');
  return name !== undefined && /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/.test(name) ? name : undefined;
}

function dottedOption({ options }: DhcpPacket, code: number): string | undefined {
  const value = options.get(code);
  return value?.length === 4 ? value.join('.') : undefined;
}

function seconds(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function silence(reason: string): LeaseAnswer {
  return { kind: 'silence', reason };
}
