import type { Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { Failure } from '../model/failure.ts';
import { plainAddress } from '../model/machine.ts';
import { listener, type Log, type Service } from '../model/service.ts';
import { isWithoutIpv6 } from '../net/addresses.ts';
import { createRateLimit, type RateLimits } from '../net/rate-limit.ts';
import { bindUdp, closeUdp } from '../net/udp-socket.ts';
import { Frames } from './frames.ts';
import { parseMessage, type SyslogMessage } from './message.ts';

export interface SyslogSettings {
  /** An address; `0.0.0.0` is every IPv4 address of the host, `::` every address. Port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  readonly limits?: Partial<SyslogLimits>;
}

/** How much senders may take. Lines in a second; connections. */
export interface SyslogLimits extends RateLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

/**
 * A kernel that starts says a thousand lines at once, and nothing that installs says as many for long. An eighth of the
 * handles that a process usually has.
 */
const LIMITS: SyslogLimits = {
  ...{ perKey: 1000, total: 5000, keys: 512 },
  ...{ connections: 128, connectionsPerAddress: 8 },
};
/** So that the lines of a rack wait in the kernel while this process does something else. */
const RECEIVE_BUFFER = 2 ** 20;
/** A machine whose power was cut says no goodbye. */
const KEEP_ALIVE_MS = 60_000;
const SAID_MS = 60_000;

export interface SyslogDeps {
  /** Called for each line that is taken; says whether there was room for it. */
  readonly onMessage: (from: string, message: SyslogMessage) => boolean;
  /** A line without what is secret in it. */
  readonly hide?: (text: string) => string;
  readonly log: Log;
  /** Milliseconds of any steady clock. */
  readonly now?: () => number;
}

/** What came since the start. */
export interface SyslogCounters {
  taken: number;
  /** More than a sender, or all together, may say in a second; or there was no room. */
  dropped: number;
  droppedAt: number | undefined;
  droppedFrom: string | undefined;
  /** Connections that were closed at once: there were too many. */
  refused: number;
  refusedAt: number | undefined;
}

export interface SyslogServer extends Service {
  readonly counters: Readonly<SyslogCounters>;
  /** Where it listens; undefined before `start` and after `stop`. */
  port(): number | undefined;
}

/** Takes what machines log: RFC 5424 and 3164 over UDP, and over TCP in the frames of RFC 6587. Answers nothing. */
export function createSyslogServer({ host, port, limits: given }: SyslogSettings, deps: SyslogDeps): SyslogServer {
  const { log, now = () => performance.now() } = deps;
  const limits = { ...LIMITS, ...given };
  const rate = createRateLimit(limits);
  const counters: SyslogCounters = {
    taken: 0,
    dropped: 0,
    droppedAt: undefined,
    droppedFrom: undefined,
    refused: 0,
    refusedAt: undefined,
  };
  const sockets: UdpSocket[] = [];
  const connections = new Map<Socket, string>();
  let tcp: Server | undefined;
  let bound: number | undefined;
  let saidAt = -Infinity;

  const take = listener(log, 'syslog', (from: string, bytes: Buffer) => {
    const at = now();
    // Before it is read: a flood costs as little as can be.
    if (!rate.allow(from, at)) drop(from, at);
    else {
      const message = parseMessage(bytes, deps.hide);
      if (message === undefined) return;
      if (deps.onMessage(from, message)) counters.taken += 1;
      else drop(from, at);
    }
  });

  function drop(from: string, at: number): void {
    counters.dropped += 1;
    counters.droppedAt = at;
    counters.droppedFrom = from;
    if (at - saidAt < SAID_MS) return;
    saidAt = at;
    log.warn({ from, dropped: counters.dropped }, 'syslog: lines come faster than they are taken, some are lost');
  }

  async function openUdp(address: string, at: number): Promise<UdpSocket> {
    const socket = await bindUdp(address, at, {
      receiveBuffer: RECEIVE_BUFFER,
      onError: (cause) => {
        log.error({ cause }, 'syslog: the UDP socket failed');
      },
    });
    socket.on('message', (bytes, { address: from }) => {
      take(plainAddress(from), bytes);
    });
    sockets.push(socket);
    return socket;
  }

  const accept = listener(log, 'syslog connection', (socket: Socket) => {
    const from = plainAddress(socket.remoteAddress ?? '');
    const theirs = [...connections.values()].filter((address) => address === from).length;
    // It left while it was accepted; or it is one too many.
    if (from === '' || theirs >= limits.connectionsPerAddress || connections.size >= limits.connections) {
      counters.refused += 1;
      counters.refusedAt = now();
      socket.on('error', () => socket.destroy());
      socket.destroy();
      return;
    }
    connections.set(socket, from);
    const frames = new Frames();
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const read = listener(log, 'syslog frames', (chunk: Buffer) => {
      for (const bytes of frames.push(chunk)) take(from, bytes);
    });
    socket.on('data', read);
    socket.on('error', (cause) => {
      log.debug({ from, cause }, 'syslog: a connection failed');
    });
    socket.once('close', () => {
      connections.delete(socket);
      const rest = frames.end();
      if (rest !== undefined) take(from, rest);
    });
  });

  return {
    name: 'syslog',
    counters,
    port: () => bound,
    async start() {
      // We say nothing: a sender that ends its half has ended.
      tcp = createServer({ allowHalfOpen: false }, accept);
      let every = host;
      try {
        bound = await listenTcp(tcp, host, port);
      } catch (error) {
        if (host !== '::' || !(error instanceof Failure) || !isWithoutIpv6(error.cause)) throw error;
        every = '0.0.0.0';
        bound = await listenTcp(tcp, every, port);
      }
      tcp.on('error', (cause) => {
        log.error({ cause }, 'syslog: the TCP listener failed');
      });
      // An IPv6 socket of ours takes no IPv4.
      for (const address of every === '::' ? ['::', '0.0.0.0'] : [every]) await openUdp(address, bound);
      log.info({ host: every, port: bound }, 'syslog: listening, UDP and TCP');
    },
    async stop() {
      bound = undefined;
      const closing = tcp;
      tcp = undefined;
      for (const socket of connections.keys()) socket.destroy();
      if (closing?.listening === true) await new Promise((resolve) => closing.close(resolve));
      await Promise.all(sockets.splice(0).map(closeUdp));
    },
  };
}

async function listenTcp(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenFailure(error, host, port));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function listenFailure(cause: Error, host: string, port: number): Failure {
  const where = `TCP port ${port} of ${host} for syslog`;
  const code = 'code' in cause ? String(cause.code) : 'unknown';
  if (code === 'EACCES') {
    const remedy = 'ports below 1024 need root or CAP_NET_BIND_SERVICE; or set PILOTLIGHT_SYSLOG to a higher one';
    return new Failure('refused', `${where} may not be opened`, { remedy, cause });
  }
  if (code === 'EADDRINUSE') {
    const remedy = `see by which program: ss -tlnp 'sport = :${port}'; or set PILOTLIGHT_SYSLOG to another port`;
    return new Failure('conflict', `${where} is taken by another program`, { remedy, cause });
  }
  const remedy = 'set PILOTLIGHT_SYSLOG to an address of this host';
  return new Failure('unavailable', `${where} cannot be opened (${code})`, { remedy, cause });
}
