import type { BootOffer } from '../boot/boot-programs.ts';
import type { Log, Service } from '../model/service.ts';
import { type LocalAddress, localAddresses } from '../net/addresses.ts';
import { createRateLimit, type RateLimits } from '../net/rate-limit.ts';
import { createOnce, type Endpoint, type UdpDrops } from '../net/udp-socket.ts';
import { PI_REMEDY, RASPBERRY_PI } from '../boot/raspberry-pi.ts';
import { asksToNetboot, LEFT_OUT, type NetbootMachine } from './machine.ts';
import { type DhcpPacket, OPTION, parseDhcp } from './packet.ts';
import type { PacketTransport } from './packet-transport.ts';
import { Placement } from './placement.ts';
import { type ProxyAnswer, proxyReply } from './proxy-reply.ts';
import { createDhcpSockets, type Heard } from './sockets.ts';

export interface DhcpSettings {
  /** `0.0.0.0`: every interface; else the address of the only one that is answered at. */
  readonly host: string;
  /** 67. */
  readonly port: number;
  /** 4011. */
  readonly bootServerPort: number;
  /** Relay agents (giaddr) that are answered. With any, unicasts to our port are taken too: no other server may run here. */
  readonly relays?: readonly string[];
  readonly limits?: RateLimits;
}

export interface DhcpDeps {
  /** What a machine shall load from the server at this address. */
  readonly choose: (machine: NetbootMachine, serverAddress: string) => BootOffer;
  readonly log: Log;
  /** Called for each machine that was answered, or left alone on purpose: cheap, please. */
  readonly onMachine?: (event: MachineEvent) => void;
  /** Without it, what the kernel drops is not counted. */
  readonly drops?: UdpDrops;
  /** The sockets of libc, where it can be called: they tell by which interface a broadcast came. */
  readonly native?: (everybody: Endpoint) => Promise<PacketTransport | undefined>;
  /** For tests. */
  readonly addresses?: () => readonly LocalAddress[];
  /** For tests, which may not broadcast: the broadcast address, and the port of clients. */
  readonly everybody?: Endpoint;
  /** For tests: milliseconds of a steady clock. */
  readonly now?: () => number;
  /** For tests: milliseconds between looks at the host's addresses. */
  readonly rescanMs?: number;
}

/** A machine that asked to boot, for the journal. */
export interface MachineEvent {
  readonly machine: NetbootMachine;
  /** What it was told to load; absent when it was left alone. */
  readonly file?: string;
  /** Why it was left alone. */
  readonly silence?: string;
}

export interface DhcpServer extends Service {
  readonly counters: DhcpCounters;
  /** The interfaces' addresses that are answered from now. */
  serving(): readonly string[];
}

/**
 * A machine asks two or three times in its first second, and a room of a thousand that gets its power back asks some
 * hundred times a second in all: 200/s held such rooms up. It is no amplifier: an answer is hardly longer than its
 * question, and goes to the own wire, to a relay that the settings name, or (boot server) back to the one that asked.
 */
const LIMITS: RateLimits = { perKey: 10, total: 2_000 };
/** The counters know the rest: a flood of invented machines shall not fill the disk. */
const LOGGED_PER_SECOND = 200;

const EVERYBODY: Endpoint = { address: '255.255.255.255', port: 68 };
const UNSET = '0.0.0.0';

type Reply = Extract<ProxyAnswer, { kind: 'reply' }>;

/** ProxyDHCP: says where to boot from, beside whatever server hands out the addresses. */
export function createDhcpServer(settings: DhcpSettings, deps: DhcpDeps): DhcpServer {
  const { log, now = () => performance.now(), everybody = EVERYBODY } = deps;
  const relays: ReadonlySet<string> = new Set(settings.relays);
  const limit = createRateLimit(settings.limits ?? LIMITS);
  const logged = createRateLimit({ perKey: LOGGED_PER_SECOND, total: LOGGED_PER_SECOND, keys: 1 });
  const counters = new DhcpCounters();
  const placement = new Placement();
  const read = createReader(counters);
  const first = createOnce();
  const sockets = createDhcpSockets(
    { ...settings, unicasts: relays.size > 0 },
    {
      log,
      everybody,
      addresses: deps.addresses ?? localAddresses,
      rescanMs: deps.rescanMs ?? 5_000,
      drops: deps.drops,
      native: deps.native && (async () => await deps.native?.(everybody)),
      onPacket(heard) {
        try {
          onQuestion(heard);
        } catch (cause) {
          log.error({ cause }, 'dhcp: the question could not be answered');
        }
      },
      onDrop(packets) {
        counters.drop(packets, now());
      },
    },
  );

  function onQuestion(heard: Heard): void {
    const at = now();
    const packet = read(heard, at);
    if (packet === undefined) return;
    const servers = serversFor(packet, heard, at);
    const [server, ...others] = servers;
    if (server === undefined) {
      counters.silent('no address');
      return;
    }
    const answer = decide(packet, heard, server);
    if (answer.kind === 'silence') {
      keepSilent(answer, packet.mac);
      return;
    }
    if (!passes(answer, servers)) return;
    deliver(server, heard, answer);
    // The same decision in the words of the other interfaces: it names the address that the machine shall ask.
    for (const other of others) {
      const also = decide(packet, heard, other);
      if (also.kind === 'reply') deliver(other, heard, also);
    }
  }

  /** Our addresses that answer this packet: one, unless nothing says where the machine is. */
  function serversFor(packet: DhcpPacket, heard: Heard, at: number): readonly string[] {
    const ours = sockets.serving(heard.by);
    const direct = packet.giaddr === UNSET && asksToNetboot(packet);
    if (heard.at !== undefined) {
      if (direct) placement.heard(packet.mac, heard.at, at);
      const named = packet.options.get(OPTION.serverId)?.join('.');
      return [ours.find(({ address }) => address === named)?.address ?? heard.at];
    }
    if (!asksToNetboot(packet)) return ours.slice(0, 1).map(({ address }) => address);
    const all = placement.addressesFor(packet, heard.from.address, ours, at);
    return direct ? all : all.slice(0, 1);
  }

  function decide(packet: DhcpPacket, { from, port }: Heard, server: string): ProxyAnswer {
    return proxyReply(
      { packet, port, from },
      { serverAddress: server, relays, choose: (machine) => deps.choose(machine, server) },
    );
  }

  function keepSilent({ reason, machine, remedy: own }: Extract<ProxyAnswer, { kind: 'silence' }>, mac: string): void {
    counters.silent(machine === undefined ? reason : 'not to be booted');
    if (machine !== undefined || LEFT_OUT.has(reason)) {
      // Once for each machine and reason: it asks again and again, at every power-on.
      const news = first(`${mac} ${reason}`) && logged.allow('', now());
      const remedy = reason === RASPBERRY_PI ? PI_REMEDY : own;
      log[news ? 'info' : 'debug']({ mac, reason, remedy }, 'dhcp: the machine gets no answer');
    }
    // A machine in its boot asks again and again: the limit is for what we note as for what we answer.
    if (machine !== undefined && limit.allow(mac, now())) deps.onMachine?.({ machine, silence: reason });
  }

  /** True when the answer may go out; it is then counted, logged and sent on as an event. */
  function passes({ machine, file }: Reply, servers: readonly string[]): boolean {
    const at = now();
    if (!limit.allow(machine.mac, at)) {
      counters.limited += 1;
      return false;
    }
    counters.answered += 1;
    const { mac, uuid, ipxe, target } = machine;
    log[logged.allow('', at) ? 'info' : 'debug'](
      { mac, uuid, ipxe, ...target, file, server: servers.join(' ') },
      'dhcp: told where to boot from',
    );
    deps.onMachine?.({ machine, file });
    return true;
  }

  function deliver(server: string, heard: Heard, { bytes, to }: Reply): void {
    const sent = sockets.send(server, heard.port, bytes, to.address === EVERYBODY.address ? undefined : to);
    sent.catch((cause: unknown) => {
      counters.unsent += 1;
      // Logged once: a tunnel takes no broadcast, today and tomorrow.
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
      log[first(`${server} ${code}`) ? 'warn' : 'debug']({ server, cause }, 'dhcp: the answer could not be sent');
    });
  }

  return {
    name: 'dhcp',
    counters,
    serving: () => sockets.serving().map(({ address }) => address),
    start: () => sockets.start(),
    stop: () => sockets.stop(),
  };
}

/** What the server has seen, by reason. The reasons are fixed words: no packet can make more of them. */
export class DhcpCounters {
  answered = 0;
  /** Would have been answered, but for the rate limit. */
  limited = 0;
  /** Answers that the host could not send. */
  unsent = 0;
  /** Packets that were lost before they were looked at: the kernel's buffer or ours was full. */
  dropped = 0;
  /** When the last of them was, on the clock of `performance.now()`. */
  droppedAt: number | undefined;
  readonly #silent = new Map<string, number>();

  silent(reason: string): void {
    this.#silent.set(reason, (this.#silent.get(reason) ?? 0) + 1);
  }

  drop(packets: number, now: number): void {
    if (packets === 0) return;
    this.dropped += packets;
    this.droppedAt = now;
  }

  /** Why nothing was said, and how often. */
  get silences(): ReadonlyMap<string, number> {
    return this.#silent;
  }
}

/** No firmware asks again so soon: retries begin at a second. */
const WINDOW_MS = 250;
const MOST = 4096;

/** The packet in what was heard; undefined, and counted with its reason, for what is none or was heard a moment ago. */
export function createReader(counters: DhcpCounters): (heard: Heard, now: number) => DhcpPacket | undefined {
  const isEcho = createEchoes();
  return (heard, now) => {
    const parsed = parseDhcp(heard.bytes);
    const echo = parsed.ok && heard.at === undefined && isEcho(parsed.packet, now);
    if (parsed.ok && !echo) return parsed.packet;
    counters.silent(parsed.ok ? 'heard twice' : parsed.reason);
    return undefined;
  };
}

/**
 * True for a broadcast that was heard a moment ago already: a host with two interfaces in one network hears each of them
 * twice. `now`: milliseconds of any steady clock.
 */
export function createEchoes(): (packet: DhcpPacket, now: number) => boolean {
  const heard = new Map<string, number>();
  return (packet, now) => {
    const type = packet.options.get(OPTION.messageType)?.[0] ?? 0;
    const key = `${packet.mac} ${packet.xid} ${type} ${packet.secs} ${packet.giaddr} ${packet.hops}`;
    const before = heard.get(key);
    if (before !== undefined && now - before < WINDOW_MS) return true;
    heard.delete(key);
    heard.set(key, now);
    if (heard.size > MOST) heard.delete(heard.keys().next().value ?? key);
    return false;
  };
}
