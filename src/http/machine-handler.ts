import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../model/log.ts';
import { machineKey } from '../model/machine.ts';
import type { Shelf } from '../images/store.ts';
import type { AnswerEvent, RouteKind } from './answer-event.ts';
import type { Deliveries } from './deliveries.ts';
import { failureReply, methodReply } from './failure-reply.ts';
import { imagePath, restOfImage } from './image-path.ts';
import { machineRoutes, type MachineRoutesOptions } from './machine-routes.ts';
import { peerOf } from './peer.ts';
import { show } from './percent.ts';
import { unknownKeys } from './query.ts';
import { ClientLeft, readBody } from './read-body.ts';
import { sendReply, type Reply } from './reply.ts';
import { createReporter } from './access-log.ts';
import { agentOf, type RequestHead } from './request-head.ts';
import type { Ask, Route } from './route.ts';
import { ScriptCache } from './script-cache.ts';
import { sendFile } from './send-file.ts';
import { splitTarget, type Target } from './target.ts';

export interface MachineDoorOptions extends MachineRoutesOptions {
  readonly shelf: Pick<Shelf, 'open'>;
  readonly log: Log;
  readonly onAnswer: (event: AnswerEvent) => void;
  readonly deliveries: Deliveries;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

export interface MachineDoor {
  /** The short way: answers at once what it has just answered. False when it has not. */
  repeat(req: IncomingMessage, res: ServerResponse, head: RequestHead): boolean;
  /** Undefined when the path is none of its own; else resolves when it is answered, and does not reject. */
  handle(req: IncomingMessage, res: ServerResponse, head: RequestHead): Promise<void> | undefined;
}

interface Found {
  readonly route: Route | 'image';
  /** The path behind the route's prefix, still encoded. */
  readonly rest: string;
}

/** Bytes. cloud-init's phone_home sends three public keys and a few names. */
const MAX_REPORT = 16 * 1024;
const CURRENT = '/current/version.txt';

/** The door for firmware, installers and booting nodes: GET and HEAD directly on node:http. */
export function createMachineDoor(options: MachineDoorOptions): MachineDoor {
  const { desk, baseUrl, log, now, shelf, deliveries } = options;
  const routes = machineRoutes(options);
  const reporter = createReporter(log, options.onAnswer);
  const cache = new ScriptCache();

  /** Undefined when the answer may depend on more than the key holds. */
  function cacheKey({ url, method }: IncomingMessage, head: RequestHead): string | undefined {
    if (url?.startsWith('/') !== true || (method !== 'GET' && method !== 'HEAD')) return undefined;
    if (baseUrl !== undefined) return `${agentOf(head.userAgent)} ${url}`;
    return head.host === undefined ? undefined : `${agentOf(head.userAgent)} ${head.host} ${url}`;
  }

  function repeat(req: IncomingMessage, res: ServerResponse, head: RequestHead): boolean {
    const key = cacheKey(req, head);
    const entry = key === undefined ? undefined : cache.get(key, desk.generation(), now());
    if (entry === undefined) return false;
    finish(req, res, entry.kind, entry.reply);
    return true;
  }

  function handle(req: IncomingMessage, res: ServerResponse, head: RequestHead): Promise<void> | undefined {
    const target = splitTarget(req.url ?? '');
    if (target === undefined) return undefined;
    const report = findPost(target.path);
    if (report !== undefined) return reported(req, res, report, askOf(req, head, target, report.rest));
    const found = findRoute(target.path);
    if (found === undefined) return undefined;
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      const kind = found.route === 'image' ? 'image' : found.route.kind;
      finish(req, res, kind, methodReply(show(req.method ?? ''), show(target.path)));
      return Promise.resolve();
    }
    return found.route === 'image'
      ? stream(req, res, found.rest)
      : answer(req, res, found.route, askOf(req, head, target, found.rest));
  }

  function findRoute(path: string): Found | undefined {
    const route = routes.exact.get(path);
    if (route !== undefined) return { route, rest: '' };
    const rest = restOfImage(path);
    if (rest !== undefined) {
      return { route: path.endsWith(CURRENT) ? routes.current : 'image', rest };
    }
    for (const [prefix, candidate] of routes.prefixes) {
      if (path.startsWith(prefix)) return { route: candidate, rest: path.slice(prefix.length) };
    }
    return undefined;
  }

  function findPost(path: string): (Found & { readonly route: Route }) | undefined {
    for (const [prefix, route] of routes.posts) {
      if (path.startsWith(prefix)) return { route, rest: path.slice(prefix.length) };
    }
    return undefined;
  }

  /** What a machine says: POST and nothing else. */
  async function reported(
    req: IncomingMessage,
    res: ServerResponse,
    { route }: Found & { readonly route: Route },
    ask: Ask,
  ): Promise<void> {
    if (req.method !== 'POST') {
      finish(req, res, route.kind, methodReply(show(req.method ?? ''), show(req.url ?? ''), ['POST']));
      return;
    }
    try {
      const body = await readBody(req, MAX_REPORT);
      finish(req, res, route.kind, await route.answer({ ...ask, body }));
    } catch (error) {
      if (error instanceof ClientLeft) {
        // Nothing was asked, so nothing was refused: a half-sent report is no event.
        log.debug({ url: req.url, from: peerOf(req) }, 'the client left in the middle of its report');
        res.destroy();
        return;
      }
      fail(req, res, route.kind, error);
    }
  }

  async function answer(req: IncomingMessage, res: ServerResponse, route: Route, ask: Ask): Promise<void> {
    const generation = desk.generation();
    const asked = now();
    try {
      const reply = await route.answer(ask);
      const key = route.repeatable === true && !isForOne(reply) ? cacheKey(req, ask.head) : undefined;
      if (key !== undefined) cache.set(key, route.kind, reply, generation, asked);
      finish(req, res, route.kind, reply);
      reporter.decided(route.kind, reply, peerOf(req));
      if (isAboutMachine(route.kind, reply)) {
        reporter.ignored(route.kind, unknownKeys(ask.query), peerOf(req));
      }
    } catch (error) {
      fail(req, res, route.kind, error);
    }
  }

  async function stream(req: IncomingMessage, res: ServerResponse, rest: string): Promise<void> {
    try {
      const file = await shelf.open(imagePath(rest));
      const began = now();
      const delivery = deliveries.begin(peerOf(req) ?? '', file.path, file.size);
      const onProgress = (position: number): void => {
        delivery.position = position;
      };
      const sent = await sendFile(req, res, file, { onProgress }).finally(() => {
        deliveries.end(delivery);
      });
      if (sent.failure !== undefined) log.warn({ url: req.url, err: sent.failure }, 'a download was cut');
      const { status, bytes, complete } = sent;
      reporter.delivered(req, { status, bytes, complete, ms: now() - began });
    } catch (error) {
      fail(req, res, 'image', error);
    }
  }

  function fail(req: IncomingMessage, res: ServerResponse, kind: RouteKind, error: unknown): void {
    const reply = failureReply(error, log);
    if (res.headersSent) {
      res.destroy();
      return;
    }
    finish(req, res, kind, reply);
    if (kind !== 'image') reporter.refused(kind, reply, peerOf(req));
  }

  function finish(req: IncomingMessage, res: ServerResponse, kind: RouteKind, reply: Reply): void {
    sendReply(res, reply);
    reporter.answered(req, kind, reply);
  }

  return { repeat, handle };
}

/** coreos-ipxe-server's `/?profile=NAME` is about none, and the rest of its query never meant anything. */
function isAboutMachine(kind: RouteKind, { facts }: Reply): boolean {
  return facts !== undefined && (kind !== 'root' || machineKey(facts) !== undefined);
}

/** An installer, and a wait for one, is the answer to the machine that asked and to no other. */
function isForOne({ decision }: Reply): boolean {
  return decision?.outcome === 'install' || decision?.installation !== undefined;
}

function askOf(req: IncomingMessage, head: RequestHead, { query, authority }: Target, rest: string): Ask {
  return {
    rest,
    query,
    ...(req.method === undefined ? {} : { method: req.method }),
    head: authority === undefined ? head : { ...head, host: authority },
    end: req.socket,
    rawHeaders: req.rawHeaders,
    ifNoneMatch: req.headers['if-none-match'],
  };
}
