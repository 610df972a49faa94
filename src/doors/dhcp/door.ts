import type { RemoteInfo, Socket } from 'node:dgram';
import type { Log } from '../../domain/log.ts';
import { Failure } from '../../domain/failure.ts';
import type { Service } from '../../domain/service.ts';
import type { NetbootMachine } from '../../wire/dhcp/machine.ts';
import { parseDhcp } from '../../wire/dhcp/parse.ts';
import { proxyReply, type BootChoice, type Endpoint, type ProxyAnswer } from '../../wire/dhcp/proxy-reply.ts';
import { createRateLimit, type RateLimits } from '../../wire/rate-limit.ts';
import { localAddresses, type LocalAddress } from '../local-addresses.ts';
import { bindUdp, closeUdp } from '../udp-socket.ts';
import { sendFrom } from './answer-socket.ts';
import { DhcpCounters } from './counters.ts';

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
  readonly choose: (machine: NetbootMachine, serverAddress: string) => BootChoice;
  readonly log: Log;
  /** Called for each machine that was answered, or left alone on purpose: cheap, please. */
  readonly onMachine?: (event: MachineEvent) => void;
  /** For tests. */
  readonly addresses?: () => readonly LocalAddress[];
  /** For tests, which may not broadcast: who "everybody" is, and the port of clients. */
  readonly everybody?: Endpoint;
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

export interface DhcpDoor extends Service {
  readonly counters: DhcpCounters;
  /** The interfaces' addresses that are answered from now. */
  serving(): readonly string[];
}

/**
 * A machine asks two or three times in its first second, and a room of a thousand that gets its power back asks some
 * hundred times a second in all: 200/s held such rooms up. It is no amplifier: an answer is hardly longer than its
 * question, and goes to the own wire, to a relay that the settings name, or (boot server) back to who asked.
 */
const LIMITS: RateLimits = { perKey: 10, total: 2_000 };
/** The counters know the rest: a flood of invented machines shall not fill the disk. */
const LOGGED_PER_SECOND = 200;

const EVERYBODY: Endpoint = { address: '255.255.255.255', port: 68 };

/** ProxyDHCP: says where to boot from, beside whatever server hands out the addresses. */
export function createDhcpDoor(settings: DhcpSettings, deps: DhcpDeps): DhcpDoor {
  const everybody = deps.everybody ?? EVERYBODY;
  const relays: ReadonlySet<string> = new Set(settings.relays);
  const limit = createRateLimit(settings.limits ?? LIMITS);
  const logged = createRateLimit({ perKey: LOGGED_PER_SECOND, total: LOGGED_PER_SECOND, keys: 1 });
  const counters = new DhcpCounters();
  /** The boot server's sockets; their keys are the addresses that we answer from. */
  const bootServers = new Map<string, Socket>();
  const unicast = new Map<string, Socket>();
  let broadcasts: Socket | undefined;
  let follow: NodeJS.Timeout | undefined;
  let following: Promise<void> | undefined;

  const socketError = (cause: Error): void => {
    deps.log.warn({ cause }, 'dhcp: socket error');
  };

  const ask = (bytes: Buffer, from: RemoteInfo, port: 67 | 4011, server: string): ProxyAnswer => {
    const parsed = parseDhcp(bytes);
    if (!parsed.ok) return { kind: 'silence', reason: parsed.reason };
    return proxyReply(
      { packet: parsed.packet, port, from },
      { serverAddress: server, relays, choose: (machine) => deps.choose(machine, server) },
    );
  };

  /** True when the answer may go out; everything else is counted. */
  const passes = (answer: ProxyAnswer, server: string): answer is Extract<ProxyAnswer, { kind: 'reply' }> => {
    if (answer.kind === 'silence') {
      counters.silent(answer.machine === undefined ? answer.reason : 'not to be booted');
      if (answer.machine !== undefined) {
        deps.log.debug({ mac: answer.machine.mac, reason: answer.reason }, 'dhcp: no answer');
        // A machine in its boot asks again and again: the limit is for what we note as for what we answer.
        if (limit.allow(answer.machine.mac, performance.now())) {
          deps.onMachine?.({ machine: answer.machine, silence: answer.reason });
        }
      }
      return false;
    }
    const now = performance.now();
    if (!limit.allow(answer.machine.mac, now)) {
      counters.limited += 1;
      return false;
    }
    counters.answered += 1;
    const { mac, uuid, ipxe, target } = answer.machine;
    deps.log[logged.allow('', now) ? 'info' : 'debug'](
      { mac, uuid, ipxe, ...target, file: answer.file, server },
      'dhcp: told where to boot from',
    );
    deps.onMachine?.({ machine: answer.machine, file: answer.file });
    return true;
  };

  const deliver = (server: string, answer: Extract<ProxyAnswer, { kind: 'reply' }>): void => {
    const to = answer.to.address === EVERYBODY.address ? everybody : answer.to;
    sendFrom(server, settings.port, answer.bytes, to).catch((cause: unknown) => {
      counters.unsent += 1;
      deps.log.warn({ server, cause }, 'dhcp: an answer could not be sent');
    });
  };

  /**
   * dgram does not tell at which interface a broadcast arrived, so each interface says its own address: the machine is
   * behind one of them, and the others' listeners know neither its address nor its transaction.
   */
  const onBroadcast = (bytes: Buffer, from: RemoteInfo): void => {
    let counted = false;
    for (const server of bootServers.keys()) {
      const answer = ask(bytes, from, 67, server);
      if (!counted && !passes(answer, server)) return;
      counted = true;
      if (answer.kind === 'reply') deliver(server, answer);
    }
  };

  const onUnicast = (server: string, bytes: Buffer, from: RemoteInfo): void => {
    const answer = ask(bytes, from, 67, server);
    if (passes(answer, server)) deliver(server, answer);
  };

  const onBootServer = (server: string, socket: Socket, bytes: Buffer, from: RemoteInfo): void => {
    const answer = ask(bytes, from, 4011, server);
    if (passes(answer, server)) socket.send(answer.bytes, answer.to.port, answer.to.address);
  };

  const open = async (server: string): Promise<void> => {
    const socket = await bindUdp(server, settings.bootServerPort, { shared: true, onError: socketError });
    socket.on('message', (bytes, from) => {
      onBootServer(server, socket, bytes, from);
    });
    bootServers.set(server, socket);
    if (relays.size === 0) return;
    const relayed = await bindUdp(server, settings.port, { shared: true, onError: socketError });
    relayed.on('message', (bytes, from) => {
      onUnicast(server, bytes, from);
    });
    unicast.set(server, relayed);
  };

  const close = async (server: string): Promise<void> => {
    for (const sockets of [bootServers, unicast]) {
      const socket = sockets.get(server);
      sockets.delete(server);
      if (socket !== undefined) await closeUdp(socket);
    }
  };

  const wanted = (): string[] => {
    const all = (deps.addresses ?? localAddresses)().filter((entry) => entry.family === 4);
    const chosen = settings.host === '0.0.0.0' ? all.filter((entry) => !entry.internal) : all;
    return chosen
      .filter((entry) => settings.host === '0.0.0.0' || entry.address === settings.host)
      .map((entry) => entry.address);
  };

  const rescan = async (): Promise<void> => {
    const now = new Set(wanted());
    for (const server of [...bootServers.keys()]) {
      if (now.has(server)) continue;
      await close(server);
      deps.log.info({ server }, 'dhcp: the address is gone');
    }
    for (const server of now) {
      if (bootServers.has(server)) continue;
      await open(server);
      deps.log.info({ server }, 'dhcp: answering from a new address');
    }
  };

  return {
    name: 'dhcp',
    counters,
    serving: () => [...bootServers.keys()],
    async start() {
      const servers = wanted();
      if (servers.length === 0 && settings.host !== '0.0.0.0') {
        throw new Failure('unavailable', `no interface has the address ${settings.host}`, {
          remedy: 'name an address of this host in PILOTLIGHT_DHCP_LISTEN, or 0.0.0.0 for every interface',
        });
      }
      for (const server of servers) await open(server);
      // Bound to the broadcast address and not to the wildcard: a wildcard socket would take unicast renewals, too.
      broadcasts = await bindUdp(everybody.address, settings.port, { shared: true, onError: socketError });
      broadcasts.on('message', onBroadcast);
      follow = setInterval(() => {
        following ??= rescan()
          .catch((cause: unknown) => {
            deps.log.warn({ cause }, 'dhcp: the addresses of this host could not be followed');
          })
          .finally(() => {
            following = undefined;
          });
      }, deps.rescanMs ?? 5_000);
    },
    async stop() {
      clearInterval(follow);
      await following;
      const socket = broadcasts;
      broadcasts = undefined;
      if (socket !== undefined) await closeUdp(socket);
      for (const server of [...bootServers.keys(), ...unicast.keys()]) await close(server);
    },
  };
}
