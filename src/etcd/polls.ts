import type { ServerResponse } from 'node:http';
import { JSON_TYPE } from '../http/reply.ts';
import { Failure } from '../model/failure.ts';
import type { KeyNode, Waiting } from './members.ts';

const WATCH_HEADERS = ['Content-Type', JSON_TYPE, 'Cache-Control', 'no-store', 'X-Etcd-Index'];
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
    res.writeHead(200, [...WATCH_HEADERS, String(index)]);
    res.flushHeaders();
  }

  /** All may ask again, elsewhere or later. */
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

/** A member that waits for the next registration. */
export interface Watcher {
  /** The first index that is news to it. */
  readonly from: number;
  /** Called once, with what was created; it waits no longer. */
  wake(node: KeyNode): void;
  /** The list that it knows is no longer true: it must be made to list again. It waits no longer. */
  cut(): void;
}

export interface WatcherLimits {
  readonly watchers: number;
  readonly watchersOfOne: number;
}

/** The members that wait, by token. */
export class Watchers {
  readonly #limits: WatcherLimits;
  readonly #waiting = new Map<string, Set<Watcher>>();
  #size = 0;

  constructor(limits: WatcherLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** Throws Failure `unavailable` when too many wait: the member asks again later. */
  add(token: string, watcher: Watcher): void {
    const waiting = this.#waiting.get(token) ?? new Set();
    if (this.#size >= this.#limits.watchers || waiting.size >= this.#limits.watchersOfOne) {
      throw new Failure('unavailable', 'too many members wait here', { remedy: 'ask again' });
    }
    this.#waiting.set(token, waiting.add(watcher));
    this.#size += 1;
  }

  delete(token: string, watcher: Watcher): void {
    const waiting = this.#waiting.get(token);
    if (waiting?.delete(watcher) !== true) return;
    this.#size -= 1;
    if (waiting.size === 0) this.#waiting.delete(token);
  }

  wake(token: string, node: KeyNode): void {
    for (const watcher of this.#waiting.get(token) ?? []) {
      if (watcher.from > node.createdIndex) continue;
      this.delete(token, watcher);
      watcher.wake(node);
    }
  }

  cut(token: string): void {
    for (const watcher of this.#waiting.get(token) ?? []) {
      this.delete(token, watcher);
      watcher.cut();
    }
  }
}
