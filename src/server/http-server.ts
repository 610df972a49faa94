import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { OperatorApp, OperatorAppOptions } from '../admin/operator.ts';
import type { DiscoveryHandler } from '../etcd/routes.ts';
import { Deliveries } from '../http/access-log.ts';
import {
  answerBroken,
  codeOf,
  createDropLog,
  DEFAULT_LIMITS,
  type HttpLimits,
  listen,
  type ListenAddress,
  newServer,
  refuseTunnel,
  urlOf,
} from '../http/listen.ts';
import { createMachineHandler, type MachineHandlerOptions } from '../http/machine-handler.ts';
import { lineReply, type Reply, sendReply } from '../http/reply.ts';
import { lookBehindProxies, type ProxyTrust, remember } from '../http/client-address.ts';
import { readHead, type RequestHead } from '../http/request.ts';
import { isLoopback } from '../model/machine.ts';
import { pathOf } from '../model/plan.ts';
import type { TlsFiles } from '../net/tls-files.ts';
import { listener, type Service } from '../model/service.ts';

export interface HttpServerOptions
  extends Omit<MachineHandlerOptions, 'now' | 'onAnswer' | 'deliveries'>, Omit<OperatorAppOptions, 'baseUrl' | 'log'> {
  readonly listen: ListenAddress;
  /** What is being sent now. */
  readonly deliveries?: Deliveries;
  /** Called for each answer of a machine route: cheap, please. */
  readonly onAnswer?: MachineHandlerOptions['onAnswer'];
  readonly now?: MachineHandlerOptions['now'];
  readonly limits?: Partial<HttpLimits>;
  /** Where etcd members find each other. */
  readonly discovery?: DiscoveryHandler | undefined;
  /** Speaks TLS. */
  readonly tls?: TlsFiles | undefined;
  /**
   * Who is answered: `all`; `machines`, where operators have a listener of their own, and commands on this host reach the
   * API all the same; `machines only`; `operators`.
   */
  readonly serves?: 'all' | 'machines' | 'machines only' | 'operators';
  /** The setting that names the port, for messages. */
  readonly setting?: string;
  /** Proxies whose word about their clients counts. */
  readonly proxies?: ProxyTrust | undefined;
}

export interface HttpServer extends Service {
  /** Where it listens; undefined before `start` and after `stop`. */
  address(): ListenAddress | undefined;
  /** For people: what to open on this host. */
  url(): string | undefined;
}

/** One server: machine routes first, then etcd's, then the operators' pages. Nothing happens before `start`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { log } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const connections = new Connections();
  const paths = [pathOf(options.baseUrl), pathOf(options.operatorUrl)].filter((path) => path !== '');
  const machine = createMachineHandler({
    ...options,
    now: options.now ?? (() => performance.now()),
    onAnswer: options.onAnswer ?? (() => undefined),
    deliveries: options.deliveries ?? new Deliveries(),
  });
  const { serves = 'all', proxies } = options;
  const operator =
    serves === 'machines only' ? MACHINES_ONLY : serves === 'machines' ? hostOnly(options) : lazyOperator(options);
  let server: Server | undefined;
  let address: ListenAddress | undefined;
  let ended: Promise<void> | undefined;

  /** The one listener that everything else runs in: what it throws costs one answer. */
  function onRequest(req: IncomingMessage, res: ServerResponse): void {
    try {
      serve(req, res);
    } catch (error) {
      abandon(res, error);
    }
  }

  function serve(req: IncomingMessage, res: ServerResponse): void {
    if (proxies !== undefined) lookBehindProxies(req, proxies);
    // A proxy may hand on the base URL's path or take it away: both are understood.
    const path = paths.find(
      (one) => req.url?.startsWith(one) === true && /^(?:$|[/?])/.test(req.url.slice(one.length)),
    );
    if (path !== undefined && req.url !== undefined) {
      const rest = req.url.slice(path.length);
      req.url = rest.startsWith('/') ? rest : `/${rest}`;
    }
    const head = readHead(req.rawHeaders);
    const refusal = connections.closing ? closingReply() : guardRequest(req, head, limits);
    if (refusal !== undefined) {
      log.debug({ url: req.url?.slice(0, limits.maxUrl), status: refusal.status }, 'turned away');
      sendReply(res, refusal);
      return;
    }
    if (serves !== 'operators' && machine.repeat(req, res, head)) return;
    if (connections.running(req.socket).size >= limits.maxPipelined) {
      sendReply(res, crowdedReply());
      return;
    }
    connections.begin(req.socket, res);
    // Writing after the end is an `error` event, and one that is not listened for ends the process.
    res.on('error', (error) => {
      log.error({ err: error }, 'an answer was written twice');
    });
    const answered =
      serves === 'operators'
        ? undefined
        : (machine.handle(req, res, head) ?? options.discovery?.handle(req, res, head));
    (answered ?? operator.answer(req, res)).catch((error: unknown) => {
      abandon(res, error);
    });
  }

  function abandon(res: ServerResponse, error: unknown): void {
    log.error({ err: error }, 'an answer could not be sent');
    res.destroy();
  }

  async function start(): Promise<void> {
    const created = newServer(limits, options.tls);
    const opened = options.tls === undefined ? 'connection' : 'secureConnection';
    created.on(
      opened,
      listener(log, opened, (socket: Socket) => {
        connections.add(socket);
      }),
    );
    created.on('request', onRequest);
    created.on(
      'connect',
      listener(log, 'connect', (_req: IncomingMessage, socket: Duplex) => {
        refuseTunnel(socket);
      }),
    );
    created.on(
      'clientError',
      listener(log, 'clientError', (error: Error, socket: Duplex) => {
        log.debug({ code: codeOf(error) }, 'a request could not be read');
        answerBroken(error, socket, connections.running(socket));
      }),
    );
    created.on(
      'tlsClientError',
      listener(log, 'tlsClientError', (error: Error) => {
        // Mostly firmware that does not trust the certificate: it asks again without TLS.
        log.debug({ code: codeOf(error) }, 'a client ended the handshake of TLS');
      }),
    );
    created.on('drop', listener(log, 'drop', createDropLog(log, limits.maxConnections)));
    address = await listen(created, options.listen, options.setting);
    created.on('error', (error) => {
      log.error({ err: error }, 'the HTTP server failed');
    });
    server = created;
  }

  async function close(running: Server): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      running.close(() => {
        resolve();
      });
    });
    connections.close();
    options.discovery?.end();
    await operator.close();
    await closed;
    address = undefined;
  }

  return {
    name: options.tls === undefined ? 'http' : 'https',
    address: () => address,
    url: () => (address === undefined ? undefined : urlOf(address)),
    start,
    async stop(force) {
      if (server === undefined) return;
      ended ??= close(server);
      const cut = (): void => {
        connections.cut();
      };
      if (force.aborted) cut();
      force.addEventListener('abort', cut, { once: true });
      await ended;
      force.removeEventListener('abort', cut);
    },
  };
}

/** Behind the listener that speaks TLS with machines. */
const MACHINES_ONLY: LazyOperator = {
  answer(_req, res) {
    sendReply(res, lineReply(404, 'only machines are answered here'));
    return Promise.resolve();
  },
  close: () => Promise.resolve(),
};

/** Only programs on this host, by the API: a proxy in front of the machines' port does not lead to it. */
function hostOnly(options: OperatorAppOptions): LazyOperator {
  const lazy = lazyOperator(options);
  return {
    answer(req, res) {
      const path = req.url ?? '';
      const here = isLoopback(req.socket.remoteAddress ?? '');
      const proxied = ['x-forwarded-for', 'forwarded', 'via'].some((name) => name in req.headers);
      if (here && !proxied && /^\/(?:api\/v1|metrics)(?:[/?]|$)/.test(path)) return lazy.answer(req, res);
      sendReply(res, lineReply(404, 'only machines are answered here (operators have an address of their own)'));
      return Promise.resolve();
    },
    close: () => lazy.close(),
  };
}

interface LazyOperator {
  answer(req: IncomingMessage, res: ServerResponse): Promise<void>;
  close(): Promise<void>;
}

/** Express is a tenth of a second of loading, and machines never need it: the first operator waits for it. */
function lazyOperator(options: OperatorAppOptions): LazyOperator {
  let loading: Promise<OperatorApp> | undefined;

  async function load(): Promise<OperatorApp> {
    try {
      const { createOperatorApp } = await import('../admin/operator.ts');
      return createOperatorApp(options);
    } catch (error) {
      // No file handles left, for example: the next request tries again.
      loading = undefined;
      throw error;
    }
  }

  return {
    async answer(req, res) {
      loading ??= load();
      const app = await loading;
      // A client that left meanwhile is not waited for: its `close` has been.
      if (!res.destroyed) app.handle(req, res);
    },
    async close() {
      // One that could not be loaded has nothing to end.
      const app = await loading?.catch(() => undefined);
      app?.close();
    },
  };
}

const NONE: ReadonlySet<ServerResponse> = new Set();

/**
 * Who is connected and which answers are still being sent: what a graceful stop needs to know. Node's own
 * closeIdleConnections() counts a silent new connection as busy, and its timeouts end with server.close().
 */
export class Connections {
  readonly #running = new Map<Socket, Set<ServerResponse>>();
  #closing = false;

  get closing(): boolean {
    return this.#closing;
  }

  get size(): number {
    return this.#running.size;
  }

  add(socket: Socket): void {
    remember(socket);
    this.#running.set(socket, new Set());
    socket.once('close', () => this.#running.delete(socket));
    if (this.#closing) socket.destroy();
  }

  /** Answers that this connection waits for. */
  running(socket: Duplex): ReadonlySet<ServerResponse> {
    const known: ReadonlyMap<Duplex, ReadonlySet<ServerResponse>> = this.#running;
    return known.get(socket) ?? NONE;
  }

  /** Keeps an answer in mind until it is out or its connection is gone. */
  begin(socket: Socket, res: ServerResponse): void {
    const answers = this.#running.get(socket);
    answers?.add(res);
    res.once('close', () => {
      answers?.delete(res);
      if (this.#closing && answers?.size === 0) socket.destroySoon();
    });
  }

  /** Ends what waits for nothing, now; the others end with their answer. */
  close(): void {
    this.#closing = true;
    for (const [socket, answers] of this.#running) if (answers.size === 0) socket.destroySoon();
  }

  /** Ends everything, in the middle of an answer too. */
  cut(): void {
    this.#closing = true;
    for (const socket of this.#running.keys()) socket.destroy();
  }
}

/** What no route shall see. Undefined lets the request in. */
export function guardRequest(req: IncomingMessage, head: RequestHead, limits: HttpLimits): Reply | undefined {
  if (head.hosts > 1) return closing(400, 'more than one Host line');
  if (head.hosts === 0 && req.httpVersion === '1.1') return closing(400, 'HTTP/1.1 needs a Host line (RFC 9112, 3.2)');
  if ((req.url ?? '').length > limits.maxUrl) {
    return closing(414, `the address is longer than ${limits.maxUrl} bytes (send fewer facts)`);
  }
  return undefined;
}

/** The server ends. */
export function closingReply(): Reply {
  return closing(503, 'the server is stopping (ask again)');
}

/** One connection asks for too much at once. */
export function crowdedReply(): Reply {
  return closing(503, 'too many requests at once on one connection (wait for answers)');
}

function closing(status: number, line: string): Reply {
  return lineReply(status, line, ['Connection', 'close', ...(status === 503 ? ['Retry-After', '5'] : [])]);
}
