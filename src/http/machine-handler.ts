import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ImageStore } from '../images/store.ts';
import { Failure } from '../model/failure.ts';
import { machineKey } from '../model/machine.ts';
import type { Log } from '../model/service.ts';
import { hideTokens } from '../model/plan.ts';
import { type AnswerEvent, createAccessLog, type Deliveries, type RouteKind } from './access-log.ts';
import { type Handler, MACHINE_ROUTES, type MachineRoute, type MachineServer } from './machine-routes.ts';
import { decodeSegments } from './names.ts';
import { ClientLeft, readBody } from './read-body.ts';
import { failureReply, methodReply, type Reply, sendReply } from './reply.ts';
import { askerOf, peerOf } from './client-address.ts';
import { agentOf, type Ask, type RequestHead, show, splitTarget, type Target } from './request.ts';
import { sendFile, type SendExtras } from './send-file.ts';

export interface MachineHandlerOptions extends MachineServer {
  readonly imageStore: Pick<ImageStore, 'open'>;
  readonly log: Log;
  readonly onAnswer: (event: AnswerEvent) => void;
  readonly deliveries: Deliveries;
  /** Sends images past Node, where it can. */
  readonly sender?: SendExtras['sender'];
  /** Milliseconds that never go back. */
  readonly now: () => number;
}

export interface MachineHandler {
  /** The short way: answers at once what it has just answered. False when it has not. */
  repeat(req: IncomingMessage, res: ServerResponse, head: RequestHead): boolean;
  /** Undefined when the path is none of its own; else resolves when it is answered, and does not reject. */
  handle(req: IncomingMessage, res: ServerResponse, head: RequestHead): Promise<void> | undefined;
}

/** In which a GET follows its HEAD. GRUB that got nothing of it asks by HEAD again. */
const HEAD_MS = 5000;
/** Bytes. cloud-init's phone_home sends three public keys and a few names. */
const MAX_REPORT = 16 * 1024;

/** Answers firmware, installers and booting nodes, directly on node:http. */
export function createMachineHandler(options: MachineHandlerOptions): MachineHandler {
  const { bootService, baseUrl, log, now, imageStore, deliveries, sender } = options;
  const accessLog = createAccessLog(log, options.onAnswer, now);
  const cache = new ScriptCache();
  const heads = new ScriptCache({ ...SCRIPT_CACHE, maxAge: HEAD_MS });

  /** Undefined when the answer may depend on more than the key holds. */
  function cacheKey({ url, method }: IncomingMessage, head: RequestHead): string | undefined {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    if (baseUrl === undefined && head.host === undefined) return undefined;
    return [agentOf(head.userAgent), baseUrl ?? head.host, url].join(' ');
  }

  function repeat(req: IncomingMessage, res: ServerResponse, head: RequestHead): boolean {
    const key = cacheKey(req, head);
    const entry = key === undefined ? undefined : cache.get(key, bootService.generation(), now());
    if (entry === undefined || !mayRepeat(entry.reply, req)) return false;
    finish(req, res, entry.kind, entry.reply);
    return true;
  }

  function handle(req: IncomingMessage, res: ServerResponse, head: RequestHead): Promise<void> | undefined {
    const target = splitTarget(req.url ?? '');
    if (target === undefined) return undefined;
    const found = findRoute(target.path);
    if (found === undefined) return undefined;
    const [method, , kind, handler] = found.route;
    if (req.method !== method && !(req.method === 'HEAD' && method === 'GET')) {
      const allowed = method === 'POST' ? ['POST'] : ['GET', 'HEAD'];
      finish(req, res, kind, methodReply(show(req.method ?? ''), show(target.path), allowed));
      return Promise.resolve();
    }
    if (handler === 'stream') return stream(req, res, found.rest);
    return answer(req, res, found.route, handler, askOf(req, head, target, found.rest));
  }

  async function answer(
    req: IncomingMessage,
    res: ServerResponse,
    [method, , kind, , again]: MachineRoute,
    handler: Handler,
    ask: Ask,
  ): Promise<void> {
    const generation = bootService.generation();
    const asked = now();
    const same = cacheKey(req, ask.head);
    const headKey = again === 'after-head' && same !== undefined ? [ask.from, same].join(' ') : undefined;
    const told = headKey === undefined || req.method === 'HEAD' ? undefined : heads.get(headKey, 0, asked);
    if (told !== undefined) {
      finish(req, res, kind, told.reply);
      return;
    }
    try {
      const reply = await handler(method === 'POST' ? { ...ask, body: await readBody(req, MAX_REPORT) } : ask, options);
      // Whatever changes meanwhile: a boot that its HEAD used up has no other answer.
      if (headKey !== undefined && req.method === 'HEAD') heads.set(headKey, kind, reply, 0, now());
      const key = again === 'repeatable' && !isMadeAnew(reply) ? same : undefined;
      if (key !== undefined) cache.set(key, kind, reply, generation, asked);
      finish(req, res, kind, reply);
      accessLog.decided(kind, reply, peerOf(req));
      if (isAboutMachine(kind, reply)) accessLog.ignored(kind, ask.query, peerOf(req));
    } catch (error) {
      if (error instanceof ClientLeft) {
        // Nothing was asked, so nothing was refused: a half-sent report is no event.
        log.debug({ url: hideTokens(req.url ?? ''), from: peerOf(req) }, 'the client left in the middle of its report');
        res.destroy();
        return;
      }
      fail(req, res, kind, error);
    }
  }

  async function stream(req: IncomingMessage, res: ServerResponse, rest: string): Promise<void> {
    try {
      const file = await imageStore.open(imagePath(rest));
      const began = now();
      const delivery = deliveries.begin(peerOf(req) ?? '', file.path, file.size);
      const onProgress = (position: number): void => {
        delivery.position = position;
      };
      const sent = await sendFile(req, res, file, { onProgress, sender }).finally(() => {
        deliveries.end(delivery);
      });
      if (sent.failure !== undefined)
        log.warn({ url: hideTokens(req.url ?? ''), err: sent.failure }, 'a download was cut');
      const { status, bytes, complete } = sent;
      accessLog.delivered(req, { status, bytes, complete, ms: now() - began });
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
    if (kind !== 'image') accessLog.refused(kind, reply, peerOf(req));
  }

  function finish(req: IncomingMessage, res: ServerResponse, kind: RouteKind, reply: Reply): void {
    sendReply(res, reply);
    accessLog.answered(req, kind, reply);
  }

  return { repeat, handle };
}

/** Whole paths, and those that stand for more: what comes before and behind the `*` (or the final slash). */
const isWhole = ([, path]: MachineRoute): boolean => path === '/' || !/\/$|\*/.test(path);
const WHOLE = new Map(MACHINE_ROUTES.filter(isWhole).map((route) => [route[1], route]));
const PATTERNS = MACHINE_ROUTES.filter((route) => !isWhole(route)).map((route) => {
  const [before = '', behind = ''] = route[1].split('*');
  return { route, before, behind };
});

/** `rest`: what the path says beyond its route, still encoded. */
function findRoute(path: string): { readonly route: MachineRoute; readonly rest: string } | undefined {
  const route = WHOLE.get(path);
  if (route !== undefined) return { route, rest: '' };
  const found = PATTERNS.find(({ before, behind }) => path.startsWith(before) && path.endsWith(behind));
  return found && { route: found.route, rest: path.slice(found.before.length, path.length - found.behind.length) };
}

function askOf(req: IncomingMessage, head: RequestHead, { query, authority }: Target, rest: string): Ask {
  const from = askerOf(req);
  return {
    rest,
    query,
    head: authority === undefined ? head : { ...head, host: authority },
    end: req.socket,
    from,
    asker: req.method === 'HEAD' ? undefined : from,
    rawHeaders: req.rawHeaders,
    ifNoneMatch: req.headers['if-none-match'],
  };
}

/** A report says more of a machine, and coreos-ipxe-server's `/?profile=NAME` is about none: any query is right there. */
function isAboutMachine(kind: RouteKind, { facts }: Reply): boolean {
  return facts !== undefined && kind !== 'report' && (kind !== 'root' || machineKey(facts) !== undefined);
}

/** What follows from the machine's mark (an installer, a wait for one, its own disk) is made anew each time. */
function isMadeAnew({ decision }: Reply): boolean {
  if (decision?.once === true) return true;
  return decision?.outcome === 'install' || decision?.outcome === 'local' || decision?.installation !== undefined;
}

/** A script with a token goes again to the address that it was made for, and to no other. */
function mayRepeat({ only }: Reply, req: IncomingMessage): boolean {
  return only === undefined || (req.method === 'GET' && only !== '' && only === askerOf(req));
}

/** What a path names below images/, still encoded; undefined for a path that is about no image. */
export function restOfImage(path: string): string | undefined {
  return /^\/(?:images|assets)\/(.*)$/s.exec(path)?.[1];
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
  /** Milliseconds. Short, because images appear without a new generation. */
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
