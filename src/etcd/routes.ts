import type { IncomingMessage, ServerResponse } from 'node:http';
import { peerOf } from '../http/client-address.ts';
import { type RequestHead, show, splitTarget } from '../http/request.ts';
import { ClientLeft, readBody, withinTimeout } from '../http/read-body.ts';
import {
  failureReply,
  JSON_TYPE,
  jsonReply,
  lineReply,
  makeReply,
  methodReply,
  type Reply,
  RETRY_AFTER,
  sendReply,
  textReply,
} from '../http/reply.ts';
import { decodeSegments } from '../http/names.ts';
import { Failure, failureLine } from '../model/failure.ts';
import type { Origin } from '../model/plan.ts';
import type { Log } from '../model/service.ts';
import type { Discovery } from './discovery.ts';
import type { Outcome, RefusalCode } from './members.ts';
import { DiscoveryPolls } from './polls.ts';

/** What etcd asks for beside the path. Everything else in the query is left alone: operators may add a secret to it. */
interface DiscoveryQuery {
  readonly wait: boolean;
  readonly sorted: boolean;
  /** 0: none was given. Undefined: it is not a number. */
  readonly waitIndex: number | undefined;
  /** Of `/discovery/new`; undefined when it is not a number. */
  readonly size: number | undefined;
}

const DEFAULT_SIZE = '3';

export function discoveryQuery(query: string): DiscoveryQuery {
  const fields = new URLSearchParams(query);
  return {
    wait: fields.get('wait') === 'true',
    sorted: fields.get('sorted') === 'true',
    waitIndex: wholeNumber(fields.get('waitIndex') ?? '0'),
    size: wholeNumber(fields.get('size') ?? DEFAULT_SIZE),
  };
}

/** Undefined for signs, fractions, exponents and what no double holds. */
export function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What a path below /discovery/ names. */
type DiscoveryPath =
  | { readonly kind: 'new' }
  /** Every token: for operators. */
  | { readonly kind: 'all' }
  | { readonly kind: 'token'; readonly token: string; readonly form: DiscoveryForm }
  | { readonly kind: 'size'; readonly token: string; readonly form: DiscoveryForm }
  | { readonly kind: 'member'; readonly token: string; readonly id: string }
  | { readonly kind: 'unknown' };

/** The two spellings of a discovery URL; a cluster's members must all use one of them. */
type DiscoveryForm = '/discovery/' | '/v2/keys/discovery/';

const FORMS: readonly DiscoveryForm[] = ['/discovery/', '/v2/keys/discovery/'];

/** Undefined for a path that is none of ours. A slash at the end is etcd's when its URL has one: it changes nothing. */
export function discoveryPath(path: string): DiscoveryPath | undefined {
  const form = FORMS.find((prefix) => path.startsWith(prefix));
  if (form === undefined) return undefined;
  if (path === '/discovery/') return { kind: 'all' };
  const [token, ...rest] = decodeSegments(path.slice(form.length).replace(/\/$/, '')) ?? [];
  if (token === undefined || rest.length > 2) return { kind: 'unknown' };
  const [id, leaf] = rest;
  if (id === undefined) return token === 'new' ? { kind: 'new' } : { kind: 'token', token, form };
  if (id === '_config') return leaf === 'size' ? { kind: 'size', token, form } : { kind: 'unknown' };
  return leaf === undefined && !id.startsWith('_') ? { kind: 'member', token, id } : { kind: 'unknown' };
}

export interface DiscoveryHandlerOptions {
  readonly discovery: Discovery;
  /**
   * What discovery URLs begin with. Never from a Host line: two spellings of it would be two clusters. Throws Failure
   * when it is not known.
   */
  readonly base: () => Origin;
  /** Whether the request carries the admin token; seconds to wait: too many wrong ones came from where it comes from. */
  readonly isOperator: (req: IncomingMessage) => boolean | { readonly wait: number };
  readonly log: Log;
  /** A token was ended: a cluster may need another. */
  readonly onForgotten?: () => void;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** How long a watch stays open, milliseconds. */
  readonly pollTime?: number;
}

export interface DiscoveryHandler {
  /** Undefined when the path is none of its own; else resolves when it is answered or waits, and does not reject. */
  handle(req: IncomingMessage, res: ServerResponse, head: RequestHead): Promise<void> | undefined;
  /** Ends what waits, so that the server can stop. */
  end(): void;
}

const MAX_BODY = 4096;
/** etcd gives up after five seconds of silence, and does not ask again. */
const TIMEOUT = 4_000;

/** The routes by which etcd members find each other: `/discovery/TOKEN`, also as `/v2/keys/discovery/TOKEN`. */
export function createDiscoveryHandler(options: DiscoveryHandlerOptions): DiscoveryHandler {
  const { discovery, base, isOperator, log, now } = options;
  const polls = new DiscoveryPolls(discovery.watchers, now, options.pollTime);

  function handle(req: IncomingMessage, res: ServerResponse): Promise<void> | undefined {
    const target = splitTarget(req.url ?? '');
    const path = target === undefined ? undefined : discoveryPath(target.path);
    if (target === undefined || path === undefined) return undefined;
    return answer(req, res, path, discoveryQuery(target.query));
  }

  async function answer(
    req: IncomingMessage,
    res: ServerResponse,
    path: DiscoveryPath,
    query: DiscoveryQuery,
  ): Promise<void> {
    try {
      const reply = await withinTimeout(replyTo(req, res, path, query), TIMEOUT);
      if (reply !== undefined) send(req, res, reply);
    } catch (error) {
      if (res.headersSent || res.destroyed || error instanceof ClientLeft) res.destroy();
      else send(req, res, path.kind === 'new' ? failureReply(error, log) : busyReply(error, log));
    }
  }

  function send(req: IncomingMessage, res: ServerResponse, reply: Reply): void {
    sendReply(res, reply);
    const fields = { method: req.method, status: reply.status, from: peerOf(req) };
    if (reply.status < 400) log.debug(fields, 'etcd discovery');
    else log.info({ ...fields, answer: reply.body.toString().trimEnd() }, 'etcd discovery refused');
  }

  /** Undefined: it waits, and is answered later. */
  async function replyTo(
    req: IncomingMessage,
    res: ServerResponse,
    path: DiscoveryPath,
    query: DiscoveryQuery,
  ): Promise<Reply | undefined> {
    const method = req.method ?? '';
    const look = method === 'GET' || method === 'HEAD';
    switch (path.kind) {
      case 'new':
        return look || method === 'POST' ? await newToken(query) : notAllowed(req, ['GET', 'POST']);
      case 'all':
        if (!look) return notAllowed(req, ['GET']);
        return await operator(req, () => Promise.resolve(jsonReply({ tokens: discovery.all() })));
      case 'size':
        if (look) return outcomeReply(discovery.size(path.token));
        return method === 'PUT' ? await operator(req, () => setSize(req, path)) : notAllowed(req, ['GET', 'PUT']);
      case 'token':
        if (method === 'GET' && query.wait) return watch(res, path.token, query);
        if (look) return outcomeReply(discovery.list(path.token, query.sorted));
        if (method !== 'DELETE') return notAllowed(req, ['GET', 'DELETE']);
        return await operator(req, () => forget(path.token));
      case 'member':
        if (method === 'GET' && query.wait) return await confirm(res, path.token, path.id, query);
        if (look) return outcomeReply(discovery.member(path.token, path.id));
        if (method === 'PUT') return await register(req, path.token, path.id);
        if (method !== 'DELETE') return notAllowed(req, ['GET', 'PUT', 'DELETE']);
        return await operator(req, async () => told('removed', await discovery.remove(path.token, path.id)));
      case 'unknown':
        return invalidReply(100, '/discovery');
    }
  }

  async function newToken({ size }: DiscoveryQuery): Promise<Reply> {
    const origin = base();
    const made = await discovery.create({ size: size ?? 0, urlOf: (token) => `${origin}/discovery/${token}` });
    log.info({ size: made.size }, 'etcd discovery: a token was made');
    return textReply(made.url);
  }

  /** As seeds of old set up a discovery of their own: the operator brings the token. */
  async function setSize(
    req: IncomingMessage,
    { token, form }: { readonly token: string; readonly form: DiscoveryForm },
  ): Promise<Reply> {
    const size = wholeNumber((await fieldOf(req, 'value')) ?? '') ?? 0;
    const origin = base();
    try {
      await discovery.create({ size, token, urlOf: (one) => `${origin}${form}${one}` });
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'unavailable') throw error;
      const code = error.code === 'conflict' ? 105 : 209;
      return invalidReply(code, error.code === 'conflict' ? `/discovery/${token}/_config/size` : failureLine(error));
    }
    const outcome = discovery.size(token);
    return outcomeReply(outcome.kind === 'node' ? { ...outcome, action: 'set', created: true } : outcome);
  }

  async function register(req: IncomingMessage, token: string, id: string): Promise<Reply> {
    const value = await fieldOf(req, 'value');
    if (value === undefined) return invalidReply(209, 'the body is not value=..., at most 4 kB');
    const outcome = await discovery.register(token, id, value);
    return told('registered', outcome);
  }

  async function confirm(res: ServerResponse, token: string, id: string, query: DiscoveryQuery) {
    if (query.waitIndex === undefined) return invalidReply(203, 'waitIndex');
    const outcome = await discovery.confirm(token, id, query.waitIndex);
    if (outcome.kind !== 'waiting') return outcomeReply(outcome);
    polls.open(res, outcome, undefined);
    return undefined;
  }

  function watch(res: ServerResponse, token: string, { waitIndex }: DiscoveryQuery): Reply | undefined {
    if (waitIndex === undefined) return invalidReply(203, 'waitIndex');
    const outcome = discovery.watch(token, waitIndex);
    if (outcome.kind !== 'waiting') return outcomeReply(outcome);
    polls.open(res, outcome, token);
    return undefined;
  }

  async function forget(token: string): Promise<Reply> {
    const reply = told('forgotten', await discovery.forget(token));
    options.onForgotten?.();
    return reply;
  }

  function told(what: string, outcome: Outcome): Reply {
    if (outcome.kind === 'node') log.info({ what, value: outcome.node.value }, 'etcd discovery');
    return outcomeReply(outcome);
  }

  async function operator(req: IncomingMessage, work: () => Promise<Reply>): Promise<Reply> {
    const verdict = isOperator(req);
    if (verdict === true) return await work();
    if (verdict !== false) {
      // Nothing was compared: a 401 would say that the right token is wrong.
      return lineReply(429, 'too many wrong tokens came from this address', ['Retry-After', String(verdict.wait)]);
    }
    return lineReply(401, 'this is for operators (send Authorization: Bearer and the admin token)', [
      'WWW-Authenticate',
      'Bearer',
    ]);
  }

  return {
    handle,
    end: () => {
      polls.endAll();
    },
  };
}

async function fieldOf(req: IncomingMessage, name: string): Promise<string | undefined> {
  try {
    return new URLSearchParams((await readBody(req, MAX_BODY)).toString('utf8')).get(name) ?? undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'too-large') return undefined;
    throw error;
  }
}

function notAllowed(req: IncomingMessage, allowed: readonly string[]): Reply {
  return methodReply(show(req.method ?? ''), show(splitTarget(req.url ?? '')?.path ?? ''), allowed);
}

/** etcd v2's status and message for each code. Only these make a member exit; anything temporary is a 503. */
const REFUSALS: Readonly<Record<RefusalCode, readonly [status: number, message: string]>> = {
  100: [404, 'Key not found'],
  103: [403, 'Reached the max number of peers in the cluster'],
  105: [412, 'Key already exists'],
  203: [400, 'The given index in POST form is not a number'],
  209: [403, 'Invalid field'],
};

/** An outcome as etcd v2 says it. A 2xx without a node makes etcd panic, so there is none. */
export function outcomeReply(outcome: Outcome): Reply {
  if (outcome.kind === 'refused') {
    const { code, cause, index } = outcome;
    const [status, message] = REFUSALS[code];
    return keyReply(status, { errorCode: code, message, cause, index }, index);
  }
  const { action, node, created, index } = outcome;
  return keyReply(created ? 201 : 200, { action, node }, index);
}

/** For what a request says wrong, before anybody looks a token up. */
export function invalidReply(code: RefusalCode, cause: string): Reply {
  return outcomeReply({ kind: 'refused', code, cause, index: 0 });
}

/** Trouble that passes: members retry a 5xx, or their unit starts them again. */
export function busyReply(error: unknown, log: Log): Reply {
  const known = error instanceof Failure;
  const cause = known ? failureLine(error) : 'internal error';
  if (known) log.warn({ problem: cause }, 'etcd discovery is not available');
  else log.error({ err: error }, 'etcd discovery failed');
  return keyReply(503, { errorCode: 300, message: 'Not available now', cause, index: 0 }, undefined, [
    'Retry-After',
    String(RETRY_AFTER),
  ]);
}

function keyReply(status: number, value: object, index: number | undefined, more: readonly string[] = []): Reply {
  const indexed = index === undefined ? [] : ['X-Etcd-Index', String(index)];
  const headers = ['Content-Type', JSON_TYPE, 'Cache-Control', 'no-store', ...indexed, ...more];
  return makeReply(status, headers, Buffer.from(`${JSON.stringify(value)}\n`));
}
