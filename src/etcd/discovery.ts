import { Failure } from '../model/failure.ts';
import { applyChange, type DiscoveryChange, type DiscoveryStore, type StoredToken } from '../model/discovery.ts';
import { KeyedMutex } from '../model/service.ts';
import {
  idleToken,
  isSize,
  isToken,
  judge,
  type KeyNode,
  keyOf,
  listNode,
  memberNode,
  type Outcome,
  type Refusal,
  type RefusalCode,
  sizeNode,
  type Waiting,
} from './members.ts';
import { type WatcherLimits, Watchers } from './polls.ts';

export interface DiscoveryLimits extends WatcherLimits {
  readonly tokens: number;
}

const DISCOVERY_LIMITS: DiscoveryLimits = { tokens: 1000, watchers: 10_000, watchersOfOne: 500 };

export interface DiscoveryOptions {
  readonly store: DiscoveryStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 128 random bits in hex: who knows a token may read it and register. */
  readonly random: () => string;
  readonly limits?: Partial<DiscoveryLimits>;
}

/** What a new token is for. */
export interface NewToken {
  readonly size: number;
  /** The discovery URL of a token. */
  readonly urlOf: (token: string) => string;
  /** Chosen by the operator; random when absent. */
  readonly token?: string;
  readonly cluster?: string;
}

/**
 * The part of etcd's v2 store by which etcd 2.3 to 3.6 find each other (`--discovery`). One index counts every change
 * of every token. What is not yet on the disk is not shown to any client: none may count a member that a crash could
 * take back. What passes is Failure `unavailable`, never a refusal: etcd exits on those.
 */
export class Discovery {
  readonly #store: DiscoveryStore;
  readonly #now: () => number;
  readonly #random: () => string;
  readonly #limits: DiscoveryLimits;
  readonly #tokens = new Map<string, StoredToken>();
  readonly #lanes = new KeyedMutex();
  /** The index of a change that is being written, by token. */
  readonly #writing = new Map<string, number>();
  readonly watchers: Watchers;
  #index = 0;
  #loaded = false;

  constructor({ store, now, random, limits }: DiscoveryOptions) {
    this.#store = store;
    this.#now = now;
    this.#random = random;
    this.#limits = { ...DISCOVERY_LIMITS, ...limits };
    this.watchers = new Watchers(this.#limits);
  }

  /** Reads what is kept. Before it is done everything else throws Failure `unavailable`. */
  async load(): Promise<void> {
    const { index, tokens } = await this.#store.read();
    this.#index = Math.max(index, this.#index);
    for (const token of tokens) this.#tokens.set(token.token, token);
    this.#loaded = true;
  }

  /** Every token, oldest first. */
  all(): readonly StoredToken[] {
    this.#ready();
    return [...this.#tokens.values()].toSorted((a, b) => a.createdIndex - b.createdIndex);
  }

  /** Throws Failure `invalid` for a size or a token that cannot be, `conflict` for a token that is there. */
  async create({ size, urlOf, token: wanted, cluster }: NewToken): Promise<StoredToken> {
    this.#ready();
    if (!isSize(size))
      throw new Failure('invalid', 'size is not a number from 1 to 9', { remedy: 'odd sizes are best' });
    const token = wanted ?? this.#random();
    if (!isToken(token)) throw new Failure('invalid', 'a token is 8 to 64 letters, digits and hyphens');
    return await this.#lanes.run(token, async () => {
      if (this.#tokens.has(token)) throw new Failure('conflict', 'this token has a size already');
      const createdAt = this.#now();
      await this.#makeRoom(createdAt);
      const index = this.#next();
      const made: StoredToken = {
        ...{ token, url: urlOf(token), size, createdIndex: index, createdAt, complete: false, removedIndex: 0 },
        ...(cluster === undefined ? {} : { cluster }),
        members: [],
      };
      await this.#write(token, { kind: 'created', index, token: made });
      return made;
    });
  }

  size(token: string): Outcome {
    const held = this.#held(token);
    return held === undefined ? this.#missing(token, '_config', 'size') : this.#node('get', sizeNode(held), token);
  }

  list(token: string, sorted = false): Outcome {
    const held = this.#held(token);
    return held === undefined ? this.#missing(token) : this.#node('get', listNode(held, sorted), token);
  }

  member(token: string, id: string): Outcome {
    const member = this.#held(token)?.members.find((one) => one.id === id);
    return member === undefined ? this.#missing(token, id) : this.#node('get', memberNode(token, member), token);
  }

  /** A member comes. It is on the disk when this resolves. */
  async register(token: string, id: string, value: string): Promise<Outcome> {
    return await this.#lanes.run(token, async () => {
      const held = this.#held(token);
      if (held === undefined) return this.#missing(token);
      const judgement = judge(held, id, value, keyOf(token, id));
      if (judgement.kind === 'refused') return this.#refuse(token, judgement.code, judgement.cause);
      if (judgement.kind === 'again') return this.#node('create', memberNode(token, judgement.member), token);
      const index = this.#next();
      const member = { id, value, createdIndex: index, confirmed: false };
      await this.#write(token, { kind: 'registered', index, token, member, complete: judgement.complete });
      const node = memberNode(token, member);
      this.watchers.wake(token, node);
      return { ...this.#node('create', node, token), created: true };
    });
  }

  /**
   * A member's first watch, on its own key: it learns that it is registered, and may start from then on. `waiting`:
   * there is nothing to tell it at this index.
   */
  async confirm(token: string, id: string, waitIndex: number): Promise<Outcome | Waiting> {
    return await this.#lanes.run(token, async () => {
      const member = this.#held(token)?.members.find((one) => one.id === id);
      if (member === undefined) return this.#missing(token, id);
      const index = this.#indexOf(token);
      if (waitIndex === 0 || waitIndex > member.createdIndex)
        return { kind: 'waiting', index, from: waitIndex } as const;
      if (!member.confirmed) await this.#write(token, { kind: 'confirmed', index: this.#index, token, id });
      return { ...this.#node('create', memberNode(token, member), token), index };
    });
  }

  /**
   * The first registration at `waitIndex` or after it; 0 is "from now". `waiting`: there is none yet; the watcher that
   * is added within the same turn, from `from`, will hear of it. Real etcd tells of removals too, and its members then
   * die of a duplicate name: here members that may know a removed one are made to list again.
   */
  watch(token: string, waitIndex: number): Outcome | Waiting {
    const held = this.#held(token);
    if (held === undefined) return this.#missing(token);
    const index = this.#indexOf(token);
    const from = waitIndex === 0 ? index + 1 : waitIndex;
    if (from <= held.removedIndex) throw new Failure('unavailable', 'a member was removed: list again');
    const next = held.members.find((member) => member.createdIndex >= from);
    if (next === undefined) return { kind: 'waiting', index, from };
    return { kind: 'node', action: 'create', created: false, node: memberNode(token, next), index };
  }

  /** An operator takes a member out. All that wait list again. */
  async remove(token: string, id: string): Promise<Outcome> {
    return await this.#lanes.run(token, async () => {
      const member = this.#held(token)?.members.find((one) => one.id === id);
      if (member === undefined) return this.#missing(token, id);
      await this.#write(token, { kind: 'removed', index: this.#next(), token, id });
      this.watchers.cut(token);
      return this.#node('delete', memberNode(token, member), token);
    });
  }

  /** An operator ends a token. */
  async forget(token: string): Promise<Outcome> {
    return await this.#lanes.run(token, async () => {
      const held = this.#held(token);
      if (held === undefined) return this.#missing(token);
      await this.#write(token, { kind: 'forgotten', index: this.#next(), token });
      this.watchers.cut(token);
      const { createdIndex } = held;
      return this.#node('delete', { key: keyOf(token), dir: true, modifiedIndex: createdIndex, createdIndex }, token);
    });
  }

  async #write(token: string, change: DiscoveryChange): Promise<void> {
    // A confirmation has no index of its own: no member waits for it.
    if (change.kind !== 'confirmed') this.#writing.set(token, change.index);
    try {
      await this.#store.write(change);
    } finally {
      this.#writing.delete(token);
    }
    const after = applyChange(this.#tokens.get(token), change);
    if (after === undefined) this.#tokens.delete(token);
    else this.#tokens.set(token, after);
  }

  async #makeRoom(now: number): Promise<void> {
    if (this.#tokens.size < this.#limits.tokens) return;
    const idle = this.all().find((token) => idleToken(token, now));
    if (idle === undefined) {
      throw new Failure('unavailable', `there are ${this.#limits.tokens} tokens`, {
        remedy: 'see `pilotlight clusters`, and forget some',
      });
    }
    await this.forget(idle.token);
  }

  #held(token: string): StoredToken | undefined {
    this.#ready();
    return this.#tokens.get(token);
  }

  #ready(): void {
    if (!this.#loaded)
      throw new Failure('unavailable', 'the discovery tokens are not read yet', { remedy: 'ask again' });
  }

  #next(): number {
    this.#index += 1;
    return this.#index;
  }

  /** Not past a change of this token that is still being written: who lists now shall be told of it by a watch. */
  #indexOf(token: string): number {
    const writing = this.#writing.get(token);
    return writing === undefined ? this.#index : writing - 1;
  }

  #node(action: 'get' | 'create' | 'delete', node: KeyNode, token: string) {
    return { kind: 'node', action, created: false, node, index: this.#indexOf(token) } as const;
  }

  #missing(token: string, ...rest: readonly string[]): Refusal {
    return this.#refuse(token, 100, keyOf(token, ...rest));
  }

  #refuse(token: string, code: RefusalCode, cause: string): Refusal {
    return { kind: 'refused', code, cause, index: this.#indexOf(token) };
  }
}
