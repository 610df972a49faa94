import { Failure } from '../model/failure.ts';
import type { KeyNode } from './nodes.ts';

/** Somebody who waits for the next registration. */
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

/** Who waits, by token. */
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
