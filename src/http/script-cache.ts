import type { RouteKind } from './answer-event.ts';
import type { Reply } from './reply.ts';

interface Entry {
  readonly kind: RouteKind;
  readonly reply: Reply;
  readonly generation: number;
  readonly madeAt: number;
  readonly size: number;
}

export interface ScriptCacheLimits {
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
