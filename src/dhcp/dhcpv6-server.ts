import type { RemoteInfo, Socket } from 'node:dgram';
import type { BootOffer } from '../boot/boot-programs.ts';
import { type Diagnostic, Failure, failureLine } from '../model/failure.ts';
import type { NetworkFacts } from '../model/ipv4.ts';
import { canonicalAddress, type Ipv6Network, ipv6Bytes, isInIpv6Network } from '../model/ipv6.ts';
import { createRepeater, type Log } from '../model/service.ts';
import { lastingFirst, type LocalAddress, localAddresses } from '../net/addresses.ts';
import { createRateLimit } from '../net/rate-limit.ts';
import { bindUdp, closeUdp, createOnce, sendUdp } from '../net/udp-socket.ts';
import { createAddresses6 } from './dhcpv6-addresses.ts';
import { type Dhcp6Packet, parseDhcp6 } from './dhcpv6-packet.ts';
import { type Answer6, reply6 } from './dhcpv6-reply.ts';
import { networkDiagnostics6, type Place6, placesOf6, servedNetworks6 } from './dhcpv6-places.ts';
import type { Lease } from './lease-book.ts';
import type { NetbootMachine } from './machine.ts';
import type { KnownMachines } from './reservations.ts';
import { DhcpCounters, type DhcpServer, type MachineEvent } from './server.ts';
import { createInbox } from './sockets.ts';

export interface Dhcp6Settings {
  readonly networks: readonly Ipv6Network[];
  /** Relays that may ask, by any of their addresses. */
  readonly relays: readonly string[];
  readonly facts: Pick<NetworkFacts, 'domain' | 'nameServers' | 'search' | 'timeServers'>;
  readonly leaseSeconds: number;
  readonly authoritative: boolean;
}

export interface Dhcp6Deps {
  readonly choose: (machine: NetbootMachine, serverAddress: string) => BootOffer;
  readonly log: Log;
  readonly machines: () => KnownMachines;
  /** Those of the server for IPv4: one metric counts both. */
  readonly counters?: DhcpCounters;
  readonly onMachine?: (event: MachineEvent) => void;
  /** For tests. */
  readonly addresses?: () => readonly LocalAddress[];
  readonly ports?: { readonly server: number; readonly client: number };
  readonly rescanMs?: number;
  readonly now?: () => number;
}

export interface Dhcp6Server extends DhcpServer {
  /** In use, by cards that are known. */
  leases(): readonly Lease[];
  diagnostics(): readonly Diagnostic[];
}

/** All_DHCP_Relay_Agents_and_Servers. */
const GROUP = 'ff02::1:2';
const PORTS = { server: 547, client: 546 };
/** No machine asks so often, and all of a room together. */
const LIMITS = { perKey: 20, total: 20_000 };
const LOGGED_PER_SECOND = 200;
const RECEIVE_BUFFER = 4 * 2 ** 20;
/** Reasons that an operator must see. */
const LOUD = new Set(['unknown relay', 'no network for its relay', 'two client identifiers']);

/** DHCPv6 (RFC 8415) for networks whose router sends machines here: an address, and where to boot from. */
export function createDhcp6Server(settings: Dhcp6Settings, deps: Dhcp6Deps): Dhcp6Server {
  const { log, now: steady = () => performance.now(), addresses = localAddresses, ports = PORTS } = deps;
  const { networks, facts, authoritative, leaseSeconds } = settings;
  const began = Date.now() - steady();
  const counters = deps.counters ?? new DhcpCounters();
  const limit = createRateLimit(LIMITS);
  const logged = createRateLimit({ perKey: LOGGED_PER_SECOND, total: LOGGED_PER_SECOND, keys: 1 });
  const first = createOnce();
  const relays = new Set(settings.relays.map(canonicalAddress));
  const joined = new Set<string>();
  let places: readonly Place6[] = [];
  let own: ReadonlySet<string> = new Set();
  let relayedFrom: string | undefined;
  let serverId: Buffer | undefined;
  let socket: Socket | undefined;
  const book = createAddresses6({
    ...{ reservations: deps.machines, taken: () => own, leaseMs: leaseSeconds * 1000 },
    now: () => Math.round(began + steady()),
  });
  const inbox = createInbox<readonly [Buffer, RemoteInfo]>(([bytes, from]) => {
    try {
      onQuestion(bytes, from);
    } catch (cause) {
      log.error({ cause }, 'dhcpv6: the question could not be answered');
    }
  });

  function onQuestion(bytes: Buffer, from: RemoteInfo): void {
    const parsed = parseDhcp6(bytes);
    if (!parsed.ok) {
      keepSilent(parsed.reason, from);
      return;
    }
    const { packet } = parsed;
    const place = placeOf(packet, from);
    if (typeof place === 'string') {
      keepSilent(place, from);
      return;
    }
    if (!limit.allow(packet.relays.at(-1)?.peer ?? from.address, steady())) {
      counters.limited += 1;
      return;
    }
    if (serverId === undefined) return;
    const question = { packet, from: from.address, network: place.network, server: place.server };
    const said = reply6(question, {
      serverId,
      addresses: book,
      facts,
      leaseSeconds,
      authoritative,
      choose: deps.choose,
    });
    if (said.kind === 'silence') {
      keepSilent(said.reason, from);
      return;
    }
    counters.answered += 1;
    tell(said, place.server);
    send(said.bytes, { address: from.address, port: packet.relays.length > 0 ? ports.server : ports.client });
  }

  /** The network that the client is in, and our address there; or why it is none of our business. */
  function placeOf({ relays: way }: Dhcp6Packet, from: RemoteInfo): Omit<Place6, 'interfaceName'> | string {
    const [zone] = from.address.split('%').slice(1);
    if (way.length === 0) {
      const here = places.find(({ interfaceName, network }) =>
        zone === undefined ? isInIpv6Network(network, ipv6Bytes(from.address)) : interfaceName === zone,
      );
      return here ?? 'no network for it';
    }
    const link = way.findLast((relay) => relay.link !== '::')?.link;
    const known = [link, from.address.split('%')[0]].some(
      (one) => one !== undefined && relays.has(canonicalAddress(one)),
    );
    if (!known) return 'unknown relay';
    const network = link === undefined ? undefined : networks.find((one) => isInIpv6Network(one, ipv6Bytes(link)));
    const server = places.find((one) => one.network === network)?.server ?? relayedFrom;
    return network === undefined || server === undefined ? 'no network for its relay' : { network, server };
  }

  function send(bytes: Buffer, to: { address: string; port: number }): void {
    if (socket === undefined) return;
    sendUdp(socket, bytes, to).catch((cause: unknown) => {
      counters.unsent += 1;
      log[first(`unsent ${to.address}`) ? 'warn' : 'debug'](
        { to: to.address, cause },
        'dhcpv6: the answer could not be sent',
      );
    });
  }

  function tell(said: Exclude<Answer6, { kind: 'silence' }>, server: string): void {
    const { kind, address, file, noFile, machine, client } = said;
    const level = logged.allow('', steady()) && kind === 'reply' ? 'info' : 'debug';
    const words =
      address === undefined ? 'told the network' : kind === 'advertise' ? 'offered an address' : 'given an address';
    const { mac = machine?.mac, uuid } = client ?? {};
    log[level]({ mac, uuid, address, file, server, no_program: noFile }, `dhcpv6: a machine is ${words}`);
    if (kind !== 'reply' || machine === undefined) return;
    deps.onMachine?.(file === undefined ? { machine, silence: noFile ?? '' } : { machine, file });
  }

  function keepSilent(reason: string, { address }: RemoteInfo): void {
    counters.silent(reason);
    const loud = LOUD.has(reason) && first(`${reason} ${address}`);
    log[loud ? 'warn' : 'debug']({ from: address, reason }, 'dhcpv6: the question gets no answer');
  }

  /** Looks for interfaces that came, and joins the group of DHCP servers on each. */
  function look(): void {
    const local = addresses().filter(({ family, internal }) => family === 6 && !internal);
    own = new Set(local.map(({ address }) => address));
    relayedFrom = lastingFirst(local.filter(({ address }) => !address.includes('%')))[0]?.address;
    places = placesOf6(networks, local);
    const names = new Set(places.map(({ interfaceName }) => interfaceName));
    // An interface that goes takes its membership with it.
    for (const name of [...joined]) if (!names.has(name)) joined.delete(name);
    for (const interfaceName of names) {
      if (joined.has(interfaceName)) continue;
      try {
        socket?.addMembership(GROUP, `::%${interfaceName}`);
        joined.add(interfaceName);
        log.info({ interface: interfaceName }, 'dhcpv6: answering on an interface');
      } catch (cause) {
        // The membership of an interface that came back may still be there.
        if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') joined.add(interfaceName);
        else if (first(`join ${interfaceName}`))
          log.warn({ interface: interfaceName, cause }, 'dhcpv6: an interface is left out');
      }
    }
  }

  const follow = createRepeater(
    deps.rescanMs ?? 5_000,
    () => {
      look();
      return Promise.resolve();
    },
    (cause) => {
      log.warn({ cause }, 'dhcpv6: the addresses of this host could not be followed');
    },
  );

  return {
    name: 'dhcpv6',
    counters,
    serving: () => places.map(({ server }) => server),
    leases: () => book.leases(),
    diagnostics: () => [
      ...deps.machines().problems(servedNetworks6(networks)),
      ...networkDiagnostics6(networks, places, settings.relays),
    ],
    async start() {
      const card = addresses().find(({ internal, mac }) => !internal && mac !== undefined)?.mac;
      // RFC 8415 11.4: the same after each start, without a file.
      serverId = Buffer.from(`00030001${(card ?? '02:00:00:00:00:01').replaceAll(':', '')}`, 'hex');
      socket = await bindUdp('::', ports.server, {
        receiveBuffer: RECEIVE_BUFFER,
        onError: (cause) => {
          log.warn({ cause }, 'dhcpv6: socket error');
        },
      }).catch((cause: unknown) => {
        if (!(cause instanceof Failure)) throw cause;
        const remedy =
          'only one DHCPv6 server can run on a host; without it, take the IPv6 network out of PILOTLIGHT_DHCP_RANGE';
        throw new Failure(cause.code, `DHCPv6: ${failureLine(cause)}`, { remedy, cause });
      });
      socket.on('message', (bytes, from) => {
        if (!inbox.put([bytes, from])) counters.drop(1, steady());
      });
      look();
      follow.start();
    },
    async stop() {
      await follow.stop();
      const open = socket;
      socket = undefined;
      joined.clear();
      if (open !== undefined) await closeUdp(open);
      inbox.close();
    },
  };
}
