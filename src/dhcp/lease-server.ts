import type { DataRoot } from '../files/data-root.ts';
import { type Diagnostic, Failure, failureLine } from '../model/failure.ts';
import { type AddressPool, ipv4Number, isInNetwork, type NetworkFacts } from '../model/ipv4.ts';
import type { Mac } from '../model/machine.ts';
import { localAddresses } from '../net/addresses.ts';
import { createRateLimit } from '../net/rate-limit.ts';
import { createOnce } from '../net/udp-socket.ts';
import { Allocator, type Client } from './allocator.ts';
import { createConflictProbe } from './conflict-probe.ts';
import type { DiscoverAt, Offer } from './discover.ts';
import { type Lease, type LeaseBook, LEASES_FILE, openLeaseBook } from './lease-book.ts';
import { type LeaseAnswer, type LeaseDeps, leaseReply } from './lease-reply.ts';
import { type DhcpPacket, MESSAGE, OPTION } from './packet.ts';
import { Placement } from './placement.ts';
import { proxyReply } from './proxy-reply.ts';
import type { KnownMachines } from './reservations.ts';
import { DhcpCounters, createReader, type DhcpDeps, type DhcpServer, type DhcpSettings } from './server.ts';
import { createDhcpSockets, type Heard } from './sockets.ts';
import { poolDiagnostics, servedNetworks, type Subnet, subnetsOf, subnetText } from './subnets.ts';

export interface LeaseSettings extends DhcpSettings {
  readonly pools: readonly AddressPool[];
  readonly network: NetworkFacts;
  readonly leaseSeconds: number;
  readonly authoritative: boolean;
  /** Whether an address is looked for before it is offered. */
  readonly probe: boolean;
  /** Whether it starts where another server hands out addresses. */
  readonly besideOthers: boolean;
}

export interface LeaseServerDeps extends DhcpDeps {
  readonly files: DataRoot;
  readonly machines: () => KnownMachines;
  /** The card that the kernel's table has for an address. */
  readonly macOf: (address: string) => Promise<Mac | undefined>;
  /** Asks other servers for addresses. */
  readonly discover: (at: readonly DiscoverAt[]) => Promise<readonly Offer[]>;
  readonly networks: () => readonly DiscoverAt[];
}

export interface LeaseServer extends DhcpServer {
  /** Empty before the start. */
  readonly leases: () => readonly Lease[];
  /** The card that has an address by its lease. */
  leasedTo(address: string): Mac | undefined;
  diagnostics(): readonly Diagnostic[];
}

/** No machine asks so often; a room of a thousand that gets its power back asks some hundred times a second in all. */
const LIMITS = { perKey: 20, total: 20_000 };
const LOGGED_PER_SECOND = 200;
const EVERYBODY = { address: '255.255.255.255', port: 68 };
const UNSET = '0.0.0.0';
const MOST_CONFLICTS = 20;

/** DHCP with addresses: the only server of its networks. The answer that gives an address says where to boot from, too. */
export function createLeaseServer(settings: LeaseSettings, deps: LeaseServerDeps): LeaseServer {
  const { log, now: steady = () => performance.now(), everybody = EVERYBODY, addresses = localAddresses } = deps;
  const { pools, relays = [], network } = settings;
  const began = Date.now() - steady();
  // The day of the start, and from there a clock that is never set: no lease ends early or never because a clock is set.
  const now = (): number => Math.round(began + steady());
  const limit = createRateLimit(settings.limits ?? LIMITS);
  const logged = createRateLimit({ perKey: LOGGED_PER_SECOND, total: LOGGED_PER_SECOND, keys: 1 });
  const counters = new DhcpCounters();
  const placement = new Placement();
  const read = createReader(counters);
  const first = createOnce();
  const conflicts = new Map<string, string>();
  const others = new Set<string>();
  const full = new Set<string>();
  const probe = createConflictProbe({ macOf: deps.macOf });
  let book: LeaseBook | undefined;
  let replyDeps: LeaseDeps | undefined;

  /** This host's networks, at most a second old: each packet asks for them. */
  let known:
    undefined | { readonly until: number; readonly subnets: readonly Subnet[]; readonly taken: ReadonlySet<string> };
  const around = (): NonNullable<typeof known> => {
    const at = steady();
    if (known === undefined || at >= known.until) {
      const local = addresses();
      const taken = new Set([...local.map(({ address }) => address), ...network.routers, ...relays]);
      known = { until: at + 1000, subnets: subnetsOf(pools, local), taken };
    }
    return known;
  };

  const sockets = createDhcpSockets(
    { ...settings, unicasts: true },
    {
      ...{ log, everybody, addresses, rescanMs: deps.rescanMs ?? 5_000, drops: deps.drops },
      native: deps.native && (async () => await deps.native?.(everybody)),
      onPacket(heard) {
        onQuestion(heard).catch((cause: unknown) => {
          log.error({ cause }, 'dhcp: the question could not be answered');
        });
      },
      onDrop(packets) {
        counters.drop(packets, steady());
      },
    },
  );

  async function onQuestion(heard: Heard): Promise<void> {
    const at = steady();
    const packet = read(heard, at);
    if (packet === undefined) return;
    if (packet.op !== 1) {
      counters.silent('not a request');
      return;
    }
    noteOthers(packet);
    const places = heard.port === 4011 ? [] : placesOf(packet, heard, at);
    if (heard.port === 4011) await onBootServer(packet, heard);
    else if (typeof places === 'string') keepSilent(places, packet);
    else if (!limit.allow(packet.mac, at)) counters.limited += 1;
    else await Promise.all(places.map((place) => answer(packet, place)));
  }

  /** The networks in which the packet may have been sent, and our address there; or why it is none of our business. */
  function placesOf(packet: DhcpPacket, heard: Heard, at: number): readonly Place[] | string {
    const { subnets } = around();
    if (packet.giaddr !== UNSET) {
      if (!relays.includes(packet.giaddr)) return 'unknown relay';
      const subnet = subnets.find((one) => isInNetwork(one, ipv4Number(packet.giaddr)));
      const server = heard.at ?? subnet?.server ?? sockets.serving()[0]?.address;
      return subnet === undefined || server === undefined ? 'no network for its relay' : [{ subnet, server }];
    }
    if (heard.at !== undefined) {
      const from = packet.ciaddr === UNSET ? heard.from.address : packet.ciaddr;
      const subnet = subnets.find((one) => isInNetwork(one, ipv4Number(from)));
      return subnet === undefined ? 'no network for it' : [{ subnet, server: heard.at }];
    }
    const ours = sockets.serving(heard.by).filter(({ address }) => subnets.some(({ server }) => server === address));
    const here = placement.addressesFor(packet, heard.from.address, ours, at);
    return subnets.flatMap((subnet) =>
      subnet.server !== undefined && here.includes(subnet.server) ? [{ subnet, server: subnet.server }] : [],
    );
  }

  async function answer(packet: DhcpPacket, { subnet, server }: Place): Promise<void> {
    if (replyDeps === undefined) return;
    const said = await leaseReply({ packet, subnet, server }, replyDeps);
    if (said.kind === 'silence') {
      if (said.reason === 'the pool is full') full.add(subnetText(subnet));
      keepSilent(said.reason, packet);
      return;
    }
    full.delete(subnetText(subnet));
    if (said.address !== undefined) conflicts.delete(said.address);
    counters.answered += 1;
    tell(said, packet, server);
    const direct = packet.ciaddr !== UNSET && said.kind !== 'nak' ? packet.ciaddr : undefined;
    const to =
      packet.giaddr !== UNSET
        ? { address: packet.giaddr, port: settings.port }
        : direct === undefined
          ? undefined
          : { address: direct, port: everybody.port };
    // Behind a router only what is sent to the machine arrives; a refusal would reach the wrong network.
    if (to === undefined && subnet.server === undefined) return;
    await send(server, 67, said.bytes, to);
  }

  async function send(
    server: string,
    port: 67 | 4011,
    bytes: Buffer,
    to: { address: string; port: number } | undefined,
  ) {
    try {
      await sockets.send(server, port, bytes, to);
    } catch (cause) {
      counters.unsent += 1;
      log[first(`unsent ${server}`) ? 'warn' : 'debug']({ server, cause }, 'dhcp: the answer could not be sent');
    }
  }

  function tell(said: Exclude<LeaseAnswer, { kind: 'silence' }>, { mac }: DhcpPacket, server: string): void {
    const level = logged.allow('', steady()) && said.kind !== 'offer' ? 'info' : 'debug';
    const { kind, address, file, noFile, machine } = said;
    const words = { offer: 'offered', ack: 'given', nak: 'refused', inform: 'told the network' }[kind];
    log[level]({ mac, address, file, server, no_program: noFile }, `dhcp: an address is ${words}`);
    if (kind !== 'ack' || machine === undefined) return;
    deps.onMachine?.(file === undefined ? { machine, silence: noFile ?? '' } : { machine, file });
  }

  function keepSilent(reason: string, { mac, giaddr }: DhcpPacket): void {
    counters.silent(reason);
    const loud = LOUD.has(reason) && first(`${reason} ${giaddr === UNSET ? mac : giaddr}`);
    const relay = giaddr === UNSET ? undefined : giaddr;
    log[loud ? 'warn' : 'debug']({ mac, relay, reason }, 'dhcp: the machine gets no address');
  }

  /** A machine that has its address already may ask what to load on the boot server's port. */
  async function onBootServer(packet: DhcpPacket, heard: Heard): Promise<void> {
    const server = heard.at ?? UNSET;
    const choose = (machine: Parameters<DhcpDeps['choose']>[0]) => deps.choose(machine, server);
    const policy = { serverAddress: server, relays: new Set<string>(), choose };
    const said = proxyReply({ packet, port: 4011, from: heard.from }, policy);
    if (said.kind === 'silence') {
      keepSilent(said.reason, packet);
      return;
    }
    if (!limit.allow(packet.mac, steady())) return;
    counters.answered += 1;
    await send(server, 4011, said.bytes, said.to);
  }

  /** Who takes an address of ours from another server proves that there is one. */
  function noteOthers(packet: DhcpPacket): void {
    const named = packet.options.get(OPTION.serverId);
    const wanted = packet.options.get(OPTION.requestedAddress);
    if (packet.options.get(OPTION.messageType)?.[0] !== MESSAGE.request || wanted?.length !== 4) return;
    if (named?.length !== 4 || sockets.serving().some(({ address }) => address === named.join('.'))) return;
    const subnet = around().subnets.find((one) => isInNetwork(one, wanted.readUInt32BE()));
    if (subnet === undefined || others.size >= MOST_CONFLICTS) return;
    const text = `${named.join('.')} gives out addresses in ${subnetText(subnet)}, too`;
    if (!others.has(text)) log.warn({ mac: packet.mac, problem: text, remedy: ONE_SERVER }, 'dhcp: another server');
    others.add(text);
  }

  function onConflict(address: string, { mac }: Client, card: Mac | undefined): void {
    const found = card === undefined ? `${mac} refused it, because another machine has it` : `${card} has it already`;
    log.warn({ mac, address, card }, 'dhcp: the address is in use by another machine');
    conflicts.delete(address);
    conflicts.set(address, found);
    if (conflicts.size > MOST_CONFLICTS) conflicts.delete(conflicts.keys().next().value ?? address);
  }

  async function refuseBesideOthers(): Promise<void> {
    const served = new Set(around().subnets.flatMap(({ server }) => server ?? []));
    let offers: readonly Offer[];
    try {
      offers = await deps.discover(deps.networks().filter(({ address }) => served.has(address)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      log.warn({ problem: failureLine(error) }, 'dhcp: whether there is another server is not known');
      return;
    }
    const offer = offers.find(({ yiaddr, server }) => yiaddr !== UNSET && !served.has(server));
    if (offer === undefined) return;
    const message = `another DHCP server (${offer.server}) hands out addresses on ${offer.interfaceName}`;
    if (!settings.besideOthers) throw new Failure('conflict', message, { remedy: ONE_SERVER });
    log.warn({ problem: message, remedy: ONE_SERVER }, 'dhcp: another server');
    others.add(message);
  }

  return {
    name: 'dhcp',
    counters,
    serving: () => sockets.serving().map(({ address }) => address),
    leases: () => [...(book?.all() ?? [])],
    leasedTo(address) {
      const lease = book?.at(address);
      return lease?.state === 'bound' && lease.until > now() ? lease.mac : undefined;
    },
    diagnostics: () => [
      ...poolDiagnostics(pools, around().subnets, relays),
      ...(book?.problems() ?? []),
      ...deps.machines().problems(servedNetworks(around().subnets)),
      ...[...full].map((name) => warning(`no address is left in ${name}`, 'widen PILOTLIGHT_DHCP_RANGE')),
      ...[...others].map((text) => warning(text, ONE_SERVER)),
      ...[...conflicts].map(([address, why]) => warning(`${address} is not given out: ${why}`, CONFLICT)),
    ],
    async start() {
      await refuseBesideOthers();
      book = await openLeaseBook(deps.files, now);
      for (const problem of book.problems()) {
        log.error(
          { problem: problem.message, file: LEASES_FILE, remedy: problem.remedy },
          'dhcp: the leases are damaged',
        );
      }
      const allocator = new Allocator({
        ...{ book, now, reservations: deps.machines },
        taken: () => around().taken,
      });
      replyDeps = {
        ...{ allocator, book, network, now, onConflict, choose: deps.choose },
        leaseSeconds: settings.leaseSeconds,
        authoritative: settings.authoritative,
        nameOf: (client) => deps.machines().nameOf(client),
        probe: async (address) => (settings.probe ? await probe.look(address) : undefined),
        onUnwritten: (failure) => {
          log[first(failure.message) ? 'error' : 'debug'](
            { problem: failureLine(failure) },
            'dhcp: no address is given',
          );
        },
      };
      await sockets.start();
    },
    async stop() {
      await sockets.stop();
      await probe.close();
      await book?.close();
    },
  };
}

interface Place {
  readonly subnet: Subnet;
  readonly server: string;
}

/** Reasons that an operator must see: the rest is how DHCP goes. */
const LOUD = new Set([
  'unknown relay',
  'no network for its relay',
  'the pool is full',
  'another machine has its address',
]);
export const ONE_SERVER =
  'switch that one off; or set PILOTLIGHT_DHCP=proxy, which needs it; or PILOTLIGHT_DHCP_BESIDE_OTHERS=on';
const CONFLICT = 'take that address from the range, or from that machine; it is tried again after ten minutes';

function warning(message: string, remedy: string): Diagnostic {
  return { severity: 'warning', message, remedy };
}
