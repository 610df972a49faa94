import type { ServerResponse } from 'node:http';
import { JSON_TYPE, makeReply, type Reply, RETRY_AFTER } from '../http/reply.ts';
import { Failure, failureLine } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import type { Waiting } from './discovery.ts';
import type { KeyNode, Outcome, RefusalCode } from './nodes.ts';
import type { Watcher, Watchers } from './watchers.ts';

/** etcd v2's status and message for each code. Only these make a member exit; anything temporary is a 503. */
const REFUSALS: Readonly<Record<RefusalCode, readonly [status: number, message: string]>> = {
  100: [404, 'Key not found'],
  103: [403, 'Reached the max number of peers in the cluster'],
  105: [412, 'Key already exists'],
  203: [400, 'The given index in POST form is not a number'],
  209: [403, 'Invalid field'],
};
const WATCH_HEADERS = ['Content-Type', JSON_TYPE, 'Cache-Control', 'no-store', 'X-Etcd-Index'];

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

/** The head of a long poll: sent at once, the event follows when there is one. */
export function watchHeaders(index: number): string[] {
  return [...WATCH_HEADERS, String(index)];
}

function keyReply(status: number, value: object, index: number | undefined, more: readonly string[] = []): Reply {
  const indexed = index === undefined ? [] : ['X-Etcd-Index', String(index)];
  const headers = ['Content-Type', JSON_TYPE, 'Cache-Control', 'no-store', ...indexed, ...more];
  return makeReply(status, headers, Buffer.from(`${JSON.stringify(value)}\n`));
}

/** Milliseconds. Proxies cut a silent answer after a minute; etcd would then wait longer before each new attempt. */
const POLL_TIME = 40_000;
const SWEEP_TIME = 1_000;

/**
 * Answers that wait for an event. One timer ends all that waited long enough with an empty 200, after which etcd asks
 * again at once.
 */
export class DiscoveryPolls {
  readonly #watchers: Watchers;
  readonly #now: () => number;
  readonly #time: number;
  /** Oldest first. */
  readonly #polls = new Set<Poll>();
  #timer: NodeJS.Timeout | undefined;

  constructor(watchers: Watchers, now: () => number, time = POLL_TIME) {
    this.#watchers = watchers;
    this.#now = now;
    this.#time = time;
  }

  /**
   * Sends the head of an answer at once, and its body when a member registers with `token`. Without a token nothing
   * can come: the client asks again. Throws Failure `unavailable` when too many wait.
   */
  open(res: ServerResponse, { index, from }: Waiting, token: string | undefined): void {
    if (res.headersSent || res.destroyed) return;
    const poll = new Poll(res, token, from, this.#now(), this);
    if (token !== undefined) this.#watchers.add(token, poll);
    this.#polls.add(poll);
    this.#timer ??= setInterval(() => {
      this.#sweep();
    }, SWEEP_TIME).unref();
    res.once('close', () => {
      this.forget(poll);
    });
    res.writeHead(200, watchHeaders(index));
    res.flushHeaders();
  }

  /** Everybody may ask again, elsewhere or later. */
  endAll(): void {
    for (const poll of this.#polls) poll.close('');
  }

  forget(poll: Poll): void {
    if (!this.#polls.delete(poll)) return;
    if (poll.token !== undefined) this.#watchers.delete(poll.token, poll);
    if (this.#polls.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const old = this.#now() - this.#time;
    for (const poll of this.#polls) {
      if (poll.since > old) return;
      poll.close('');
    }
  }
}

// Methods and not closures: there may be ten thousand of these.
class Poll implements Watcher {
  readonly res: ServerResponse;
  readonly token: string | undefined;
  readonly from: number;
  readonly since: number;
  readonly polls: DiscoveryPolls;

  constructor(res: ServerResponse, token: string | undefined, from: number, since: number, polls: DiscoveryPolls) {
    this.res = res;
    this.token = token;
    this.from = from;
    this.since = since;
    this.polls = polls;
  }

  wake(node: KeyNode): void {
    this.close(eventBody(node));
  }

  cut(): void {
    this.polls.forget(this);
    this.res.destroy();
  }

  close(body: string | Buffer): void {
    this.polls.forget(this);
    this.res.end(body);
  }
}

// One registration wakes many: its text is made once.
const bodies = new WeakMap<KeyNode, Buffer>();

function eventBody(node: KeyNode): Buffer {
  const known = bodies.get(node);
  if (known !== undefined) return known;
  const body = Buffer.from(`${JSON.stringify({ action: 'create', node })}\n`);
  bodies.set(node, body);
  return body;
}
