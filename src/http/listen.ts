import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { Failure } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import { isWithoutIpv6 } from '../net/addresses.ts';
import type { TlsFiles } from '../net/tls-files.ts';
import { TEXT } from './reply.ts';

/** How much of the server one client may take. Milliseconds, bytes, counts. */
export interface HttpLimits {
  /** From the first byte (or the connection) to the end of the headers: a slow client is gone after this. */
  readonly headersTimeout: number;
  /** From the first byte to the end of the request. It does not run while an answer is sent. */
  readonly requestTimeout: number;
  /** How often Node looks for connections over the two limits above. */
  readonly checkInterval: number;
  readonly keepAliveTimeout: number;
  /** Nothing moved in either direction: a reader that stalls for so long is cut, so that it frees what it holds. */
  readonly stallTimeout: number;
  /** Room for ten thousand etcd members that wait, and for the machines beside them. */
  readonly maxConnections: number;
  readonly maxHeaderSize: number;
  /** Path and query together. The longest honest one, all facts of a machine, is under 2 KiB. */
  readonly maxUrl: number;
  /** Requests that one connection may have running: a pipeline of downloads must not open files without end. */
  readonly maxPipelined: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  checkInterval: 1_000,
  keepAliveTimeout: 5_000,
  stallTimeout: 120_000,
  maxConnections: 16_384,
  maxHeaderSize: 16 * 1024,
  maxUrl: 4096,
  maxPipelined: 16,
};

// What Node's parser and timers report, as statuses of RFC 9110; everything else is a malformed request.
const KNOWN: Readonly<Record<string, readonly [status: string, line: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request took too long'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the request line and headers are over 16 KiB'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Content Too Large', 'the chunk extensions are too long'],
};
const MALFORMED = ['400 Bad Request', 'this is not an HTTP request'] as const;

/** Node's `code` of a client's error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/**
 * Answers what is no request, in bytes, since there is no response object; then the connection is over. `running` are
 * the answers that it still waits for: once one has begun, an error line would become part of its body.
 */
export function answerBroken(error: unknown, socket: Duplex, running: ReadonlySet<ServerResponse>): void {
  const code = codeOf(error);
  const begun = [...running].some((res) => res.headersSent);
  if (socket.writable && !begun && code !== 'ECONNRESET') {
    const [status, line] = KNOWN[code] ?? MALFORMED;
    socket.write(rawAnswer(status, line));
  }
  socket.destroy();
}

/** CONNECT asks for a tunnel (RFC 9110, 9.3.6): there is none here. */
export function refuseTunnel(socket: Duplex): void {
  // Node has handed the socket over and listens no more: a client that has reset it would end the process.
  socket.on('error', () => {
    socket.destroy();
  });
  if (socket.writable) {
    socket.write(rawAnswer('405 Method Not Allowed', 'CONNECT is not allowed', 'Allow: GET, HEAD\r\n'));
  }
  socket.destroy();
}

function rawAnswer(status: string, line: string, extra = ''): string {
  const body = `${line}\n`;
  return (
    `HTTP/1.1 ${status}\r\nContent-Type: ${TEXT}\r\nContent-Length: ${body.length}\r\n` +
    `${extra}Connection: close\r\n\r\n${body}`
  );
}

/** A host and a port; port 0 asks the system for a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Resolves with the address in use: `::` is every address of both families, or of IPv4 alone where there is no other. Throws Failure naming the port and what to do. */
export async function listen(
  server: Server,
  { host, port }: ListenAddress,
  setting = 'PILOTLIGHT_HTTP_LISTEN',
): Promise<ListenAddress> {
  if (host === '::') {
    const open = await listenAt(server, { host, port }, setting).catch((error: unknown) => {
      if (error instanceof Failure && isWithoutIpv6(error.cause)) return undefined;
      throw error;
    });
    if (open !== undefined) return open;
  }
  return await listenAt(server, { host: host === '::' ? '0.0.0.0' : host, port }, setting);
}

async function listenAt(server: Server, { host, port }: ListenAddress, setting: string): Promise<ListenAddress> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(listenFailure(error, { host, port }, setting));
    };
    server.once('error', failed);
    // The backlog is what a rack that is switched on at once needs; the kernel caps it (net.core.somaxconn).
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', failed);
      resolve();
    });
  });
  const address = server.address();
  return address === null || typeof address === 'string'
    ? { host, port }
    : { host: address.address, port: address.port };
}

/** `http://127.0.0.1:4777`: an address that a browser on this host can open, also when it listens on all of them. */
export function urlOf({ host, port }: ListenAddress): string {
  const name = host === '0.0.0.0' || host === '::' || host === '' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** What a person can do about a port that may not be bound. */
export function listenFailure(
  error: unknown,
  { host, port }: ListenAddress,
  setting = 'PILOTLIGHT_HTTP_LISTEN',
): Failure {
  const where = `HTTP port ${port} on ${host}`;
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new Failure('conflict', `${where} is in use by another program`, {
        remedy: `find it with "ss -ltnp sport = :${port}", or set ${setting} to another port`,
        cause: error,
      });
    case 'EACCES':
      return new Failure('refused', `${where} may not be opened by this user`, {
        remedy: `grant CAP_NET_BIND_SERVICE, or set ${setting} to a port above 1023`,
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Failure('invalid', `${where}: this host has no such address`, {
        remedy: `set ${setting} to an address of this host, or to 0.0.0.0`,
        cause: error,
      });
    default:
      return new Failure('unavailable', `${where} cannot be opened (${codeOf(error)})`, {
        remedy: `set ${setting} to another address`,
        cause: error,
      });
  }
}

/** A crowd is one line in the log, and one a minute while it lasts. */
export function createDropLog(log: Log, limit: number): () => void {
  let dropped = 0;
  let loggedAt = -Infinity;
  return () => {
    dropped += 1;
    const now = performance.now();
    if (now - loggedAt < 60_000) return;
    loggedAt = now;
    const remedy = 'raise the limit on open files (LimitNOFILE=, ulimit -n) if there are that many machines';
    log.warn({ limit, dropped, remedy }, 'too many connections: some were dropped');
  };
}

/** `tls`: over TLS, with each new certificate of these files. */
export function newServer(limits: HttpLimits, tls?: TlsFiles): Server {
  const options = {
    insecureHTTPParser: false,
    maxHeaderSize: limits.maxHeaderSize,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: limits.checkInterval,
    requireHostHeader: false, // guardRequest says it in a line of text
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createServer(options)
      : secureServer({ ...options, handshakeTimeout: limits.headersTimeout }, tls);
  server.maxConnections = limits.maxConnections;
  server.timeout = limits.stallTimeout;
  return server;
}

function secureServer(options: ServerOptions, tls: TlsFiles): Server {
  const server = createSecureServer({ ...options, ...tls.pair() });
  tls.follow(server);
  return server;
}
