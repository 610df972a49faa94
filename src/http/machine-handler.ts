import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ImageStore } from '../images/store.ts';
import { Failure } from '../model/failure.ts';
import { machineKey } from '../model/machine.ts';
import type { Log } from '../model/service.ts';
import { createAccessLog, type Deliveries } from './access-log.ts';
import type { AnswerEvent, RouteKind } from './answer-event.ts';
import { machineRoutes, type MachineRoutesOptions } from './machine-routes.ts';
import { show, unknownKeys } from './query.ts';
import { ClientLeft, readBody } from './read-body.ts';
import { failureReply, methodReply, type Reply, sendReply } from './reply.ts';
import {
  agentOf,
  type Ask,
  decodeSegments,
  peerOf,
  type RequestHead,
  type Route,
  splitTarget,
  type Target,
} from './request-head.ts';
import { sendFile } from './send-file.ts';

/** `/assets/` is matchbox's word for the same folder. */
const PREFIXES = ['/images/', '/assets/'] as const;

/** What a path names below images/, still encoded; undefined for a path that is about no image. */
export function restOfImage(path: string): string | undefined {
  const prefix = PREFIXES.find((candidate) => path.startsWith(candidate));
  return prefix === undefined ? undefined : path.slice(prefix.length);
}

/** The file below images/ that `/images/REST` names. Throws Failure `not-found` for folders and for what is no plain path. */
export function imagePath(rest: string): string {
  const segments = decodeSegments(rest);
  if (segments !== undefined) return segments.join('/');
  throw new Failure('not-found', `no image "${show(rest)}"`, { remedy: 'name a file; folders are not listed' });
}

interface Entry {
  readonly kind: RouteKind;
  readonly reply: Reply;
  readonly generation: number;
  readonly madeAt: number;
  readonly size: number;
}

interface ScriptCacheLimits {
  readonly maxEntries: number;
  /** Keys and bodies together. */
  readonly maxBytes: number;
  /** Milliseconds. Short, because what is on the shelf changes without a new generation. */
  readonly maxAge: number;
}

const SCRIPT_CACHE: ScriptCacheLimits = { maxEntries: 4096, maxBytes: 16 * 1024 * 1024, maxAge: 1000 };

/**
 * Finished answers for the moment in which a rack of machines (or one impatient machine) asks the same again. All
 * entries live equally long, so the oldest is also the one that expires first: no reordering on a hit.
 */
export class ScriptCache {
  readonly #entries = new Map<string, Entry>();
  readonly #limits: ScriptCacheLimits;
  #bytes = 0;

  constructor(limits: ScriptCacheLimits = SCRIPT_CACHE) {
    this.#limits = limits;
  }

  get(key: string, generation: number, now: number): Pick<Entry, 'kind' | 'reply'> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.generation === generation && now - entry.madeAt < this.#limits.maxAge) return entry;
    this.#drop(key, entry);
    return undefined;
  }

  /** `generation` and `now` are those from before the answer was made: what changed meanwhile makes it stale. */
  set(key: string, kind: RouteKind, reply: Reply, generation: number, now: number): void {
    const old = this.#entries.get(key);
    if (old !== undefined) this.#drop(key, old);
    const size = 2 * key.length + reply.body.length + 512;
    this.#entries.set(key, { kind, reply, generation, madeAt: now, size });
    this.#bytes += size;
    for (const [oldest, entry] of this.#entries) {
      const over = this.#entries.size > this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes;
      if (!over && now - entry.madeAt < this.#limits.maxAge) break;
      this.#drop(oldest, entry);
    }
  }

  /** What it holds now. */
  get bytes(): number {
    return this.#bytes;
  }

  #drop(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.size;
  }
}

export interface MachineHandlerOptions extends MachineRoutesOptions {
  readonly shelf: Pick<ImageStore, 'open'>;
  readonly log: Log;
  readonly onAnswer: (event: AnswerEvent) => void;
  readonly deliveries: Deliveries;
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

export interface MachineHandler {
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
export function createMachineHandler(options: MachineHandlerOptions): MachineHandler {
  const { bootService, baseUrl, log, now, shelf, deliveries } = options;
  const routes = machineRoutes(options);
  const reporter = createAccessLog(log, options.onAnswer);
  const cache = new ScriptCache();

  /** Undefined when the answer may depend on more than the key holds. */
  function cacheKey({ url, method }: IncomingMessage, head: RequestHead): string | undefined {
    if (url?.startsWith('/') !== true || (method !== 'GET' && method !== 'HEAD')) return undefined;
    if (baseUrl !== undefined) return `${agentOf(head.userAgent)} ${url}`;
    return head.host === undefined ? undefined : `${agentOf(head.userAgent)} ${head.host} ${url}`;
  }

  function repeat(req: IncomingMessage, res: ServerResponse, head: RequestHead): boolean {
    const key = cacheKey(req, head);
    const entry = key === undefined ? undefined : cache.get(key, bootService.generation(), now());
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
    const generation = bootService.generation();
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
    method: req.method,
    head: authority === undefined ? head : { ...head, host: authority },
    end: req.socket,
    rawHeaders: req.rawHeaders,
    ifNoneMatch: req.headers['if-none-match'],
  };
}
