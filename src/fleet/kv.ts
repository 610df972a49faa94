import { Failure } from '../model/failure.ts';

/**
 * What the servers of a fleet remember together: etcd's model (revisions, transactions, watches, leases) without its
 * protocol. Keys are relative to the fleet's own prefix, such as `mark/mac-52540000aa01`; values are UTF-8 text.
 */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** The store's revision at which this life of the key began. */
  readonly created: number;
  /** The store's revision of its last change. */
  readonly changed: number;
  /** The lease that it goes with. */
  readonly lease?: string;
}

/** What must still be so for a commit to count. `changed`: nothing wrote it since; `created`: it was not removed since. */
export type Condition =
  | { readonly key: string; readonly is: 'absent' }
  | { readonly key: string; readonly is: 'unchanged'; readonly changed: number }
  | { readonly key: string; readonly is: 'alive'; readonly created: number };

export type Change =
  { readonly put: string; readonly value: string; readonly lease?: string } | { readonly remove: string };

/** All changes or none. etcd takes 128 changes in one, by its default. */
export interface Commit {
  readonly if: readonly Condition[];
  readonly then: readonly Change[];
}

export interface Committed {
  /** False: a condition did not hold, and nothing was changed. */
  readonly done: boolean;
  /** The store's revision after it. */
  readonly revision: number;
  /** Where it was not done: what the keys of the conditions hold now. A key that is absent is not in it. */
  readonly found: ReadonlyMap<string, Entry>;
}

export interface Listing {
  readonly entries: readonly Entry[];
  readonly revision: number;
}

/** What a watch tells. It never throws out of these. */
export interface WatchListener {
  /** One transaction's changes below the prefix, in order of revisions; each exactly once. */
  changed(events: readonly WatchEvent[], revision: number): void;
  /** The past was compacted away, or cannot be resumed: list anew; the watch goes on from the listing that this returns. */
  lost(): Promise<number>;
  /** Whether the stream is open. At once after `watch`, and at each turn. */
  connected(is: boolean): void;
}

export type WatchEvent =
  | { readonly kind: 'put'; readonly entry: Entry }
  | { readonly kind: 'removed'; readonly key: string; readonly changed: number };

export interface Watch {
  stop(): void;
}

/** Rejects with `Unanswered` when the engine is not heard before the deadline. */
export interface Kv {
  /** Linearizable. */
  get(key: string): Promise<Entry | undefined>;
  /** Linearizable, in pages of one revision. */
  list(prefix: string): Promise<Listing>;
  commit(commit: Commit): Promise<Committed>;
  /** From the change after `revision` on; it connects again by itself until it is stopped. */
  watch(prefix: string, revision: number, listener: WatchListener): Watch;
  /** A lease of so many seconds: its name. */
  grant(seconds: number): Promise<string>;
  /** How many seconds it has from now on; 0 when it is gone. */
  keepAlive(lease: string): Promise<number>;
  revoke(lease: string): Promise<void>;
  close(): void;
}

/** The engine was not heard in time, or said that it cannot serve. */
export class Unanswered extends Failure {
  /** The commit may have been made all the same: read before it is made again. */
  readonly maybe: boolean;

  constructor(why: string, maybe: boolean) {
    super('unavailable', why);
    this.name = 'Unanswered';
    this.maybe = maybe;
  }
}
