import { asFailure, Failure, failureLine } from '../model/failure.ts';
import { createRepeater, type Log } from '../model/service.ts';
import type { LocalAddress } from '../net/addresses.ts';
import type { Endpoint, UdpDrops } from '../net/udp-socket.ts';
import { dgramPackets, linkOf, type OpenSocket, type PacketTransport } from './packet-transport.ts';

/** A packet, and where it was heard. */
export interface Heard {
  readonly bytes: Buffer;
  readonly from: Endpoint;
  readonly port: 67 | 4011;
  /** Our address that it was sent to; undefined for a broadcast. */
  readonly at: string | undefined;
  /** By which interface a broadcast came, where the system tells: empty for one at which we have no address. */
  readonly by?: string | undefined;
}

export interface SocketSettings {
  readonly host: string;
  readonly port: number;
  readonly bootServerPort: number;
  /** Whether packets that were sent to our own address are ours: then no other DHCP server may run on this host. */
  readonly unicasts: boolean;
}

export interface SocketDeps {
  readonly log: Log;
  /** The broadcast address, and the port of clients. */
  readonly everybody: Endpoint;
  readonly addresses: () => readonly LocalAddress[];
  readonly rescanMs: number;
  readonly drops: UdpDrops | undefined;
  /** Libc's sockets; without it, or where it gives none, Node's. */
  readonly native: (() => Promise<PacketTransport | undefined>) | undefined;
  /** Must not throw. */
  readonly onPacket: (heard: Heard) => void;
  /** Packets were lost before anything looked at them. */
  readonly onDrop: (packets: number) => void;
}

export interface DhcpSockets {
  /** Throws Failure when no address can be opened. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The addresses that are answered from now; `by`: those of this interface. */
  serving(by?: string): readonly LocalAddress[];
  /** `to` undefined: to every machine in the network of `server`. Rejects when it cannot be sent. */
  send(server: string, port: 67 | 4011, bytes: Buffer, to: Endpoint | undefined): Promise<void>;
}

/** A thousand questions and more; the kernel gives as much of it as net.core.rmem_max allows. */
const RECEIVE_BUFFER = 4 * 2 ** 20;

/** One address of this host. */
interface Station {
  readonly place: LocalAddress;
  readonly bootServer: OpenSocket;
  /** Only with `unicasts`. */
  readonly direct: OpenSocket | undefined;
}

/** The sockets of the DHCP server, as the host's addresses come and go. */
export function createDhcpSockets(settings: SocketSettings, deps: SocketDeps): DhcpSockets {
  const { log, everybody, drops } = deps;
  const { port, bootServerPort } = settings;
  let transport = dgramPackets(log, port, everybody);
  const stations = new Map<string, Station>();
  /** Addresses that could not be opened, so that each is logged once and not every few seconds. */
  const refused = new Set<string>();
  const inbox = createInbox<Heard>(deps.onPacket);
  let broadcasts: OpenSocket | undefined;
  let lost = 0;

  const listen = async (address: string, at: number, heard: Pick<Heard, 'port' | 'at'>): Promise<OpenSocket> =>
    await transport.open(address, at, RECEIVE_BUFFER, (bytes, from, by) => {
      if (!inbox.put({ bytes, from, ...heard, ...(heard.at === undefined && { by }) })) deps.onDrop(1);
    });

  const open = async (place: LocalAddress): Promise<void> => {
    const { address } = place;
    const bootServer = await listen(address, bootServerPort, { port: 4011, at: address });
    try {
      const direct = settings.unicasts ? await listen(address, port, { port: 67, at: address }) : undefined;
      stations.set(address, { place, bootServer, direct });
    } catch (cause) {
      await bootServer.close();
      throw cause;
    }
  };

  const close = async ({ place, bootServer, direct }: Station): Promise<void> => {
    stations.delete(place.address);
    await bootServer.close();
    await direct?.close();
    await transport.forget(place.address);
  };

  const wanted = (): readonly LocalAddress[] => {
    const all = deps.addresses().filter((entry) => entry.family === 4);
    if (settings.host === '0.0.0.0') return all.filter((entry) => !entry.internal);
    return all.filter((entry) => entry.address === settings.host);
  };

  /** Opens what is new; what cannot be opened is logged, and tried again later. The failures. */
  const openAll = async (places: readonly LocalAddress[]): Promise<readonly Failure[]> => {
    const failures: Failure[] = [];
    for (const place of places) {
      const { address } = place;
      if (stations.has(address)) continue;
      try {
        await open(place);
        refused.delete(address);
      } catch (cause) {
        const failure = asFailure(cause);
        failures.push(failure);
        if (!refused.has(address)) log.warn({ address, problem: failureLine(failure) }, 'dhcp: an address is left out');
        refused.add(address);
      }
    }
    return failures;
  };

  const rescan = async (): Promise<void> => {
    const places = wanted();
    transport.places(places);
    const before = new Set(stations.keys());
    for (const station of [...stations.values()]) {
      if (places.some(({ address }) => address === station.place.address)) continue;
      await close(station);
      log.info({ server: station.place.address }, 'dhcp: the address is gone');
    }
    await openAll(places);
    const news = [...stations.keys()].filter((address) => !before.has(address));
    for (const server of news) log.info({ server }, 'dhcp: answering from a new address');
    if (news.length > 0) await drops?.follow();
  };

  const openFirst = async (places: readonly LocalAddress[]): Promise<void> => {
    transport.places(places);
    const [failure] = await openAll(places);
    if (failure !== undefined && stations.size === 0) throw failure;
    // Bound to the broadcast address and not to the wildcard: a wildcard socket would take unicast renewals, too.
    broadcasts = await listen(everybody.address, port, { port: 67, at: undefined });
  };

  const countDrops = async (): Promise<void> => {
    const total = (await drops?.read()) ?? 0;
    const packets = total - lost;
    lost = total;
    if (packets <= 0) return;
    deps.onDrop(packets);
    log.warn(
      { packets, remedy: 'sysctl net.core.rmem_max=4194304, then start again' },
      'dhcp: questions were lost in a full buffer of the kernel; machines ask again',
    );
  };

  const follow = createRepeater(
    deps.rescanMs,
    async () => {
      await rescan();
      await countDrops();
    },
    (cause) => {
      log.warn({ cause }, 'dhcp: the addresses of this host could not be followed');
    },
  );

  const stop = async (): Promise<void> => {
    await follow.stop();
    const socket = broadcasts;
    broadcasts = undefined;
    await socket?.close();
    for (const station of [...stations.values()]) await close(station);
    inbox.close();
    await transport.close();
  };

  return {
    serving(by) {
      const all = [...stations.values()].map(({ place }) => place);
      return by === undefined ? all : all.filter(({ interfaceName }) => linkOf(interfaceName) === by);
    },
    async send(server, from, bytes, to) {
      const station = stations.get(server);
      if (station !== undefined && to === undefined) {
        await transport.broadcast(station.place, bytes);
        return;
      }
      const socket = from === 4011 ? station?.bootServer : station?.direct;
      if (socket === undefined || to === undefined) throw new Failure('unavailable', `the address ${server} is gone`);
      await socket.send(bytes, to);
    },
    async start() {
      const places = wanted();
      if (places.length === 0 && settings.host !== '0.0.0.0') {
        throw new Failure('unavailable', `no interface has the address ${settings.host}`, {
          remedy: 'name an address of this host in PILOTLIGHT_DHCP_LISTEN, or 0.0.0.0 for every interface',
        });
      }
      transport = (await deps.native?.()) ?? transport;
      try {
        await openFirst(places);
      } catch (cause) {
        await stop();
        throw cause;
      }
      await drops?.follow();
      lost = (await drops?.read()) ?? 0;
      follow.start();
    },
    stop,
  };
}

/** What came from the network and is not looked at yet. */
interface Inbox<T> {
  /** False when there is no room: the packet is lost. */
  put(packet: T): boolean;
  /** Forgets what waits; nothing is handled any more. */
  close(): void;
}

/**
 * Packets are taken out of the kernel's buffer first and answered afterwards, a few for each turn of the event loop: a room
 * that gets its power back asks faster than we answer, and the kernel's buffer holds a few hundred packets.
 * `handle` must not throw.
 */
export function createInbox<T>(handle: (packet: T) => void, { room = 8192, perTurn = 16 } = {}): Inbox<T> {
  let waiting: T[] = [];
  let next = 0;
  let turn: NodeJS.Immediate | undefined;

  const work = (): void => {
    turn = undefined;
    const until = Math.min(next + perTurn, waiting.length);
    while (next < until) {
      const packet = waiting[next];
      next += 1;
      if (packet !== undefined) handle(packet);
    }
    if (next < waiting.length) {
      turn = setImmediate(work);
      return;
    }
    waiting = [];
    next = 0;
  };

  return {
    put(packet) {
      if (waiting.length - next >= room) return false;
      waiting.push(packet);
      turn ??= setImmediate(work);
      return true;
    },
    close() {
      clearImmediate(turn);
      waiting = [];
      next = 0;
    },
  };
}
