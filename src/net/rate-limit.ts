/** At most so many answers in any second, for one key and for all together. */
export interface RateLimit {
  /** True when an answer may be sent now; it is then counted. `now`: milliseconds of any steady clock. */
  allow(key: string, now: number): boolean;
}

export interface RateLimits {
  readonly perKey: number;
  readonly total: number;
  /** How many keys are remembered: invented addresses must not fill the memory. */
  readonly keys?: number;
}

/**
 * Remembers when the last answers went out. A token bucket lets twice the rate pass within the second after a pause;
 * this does not, and the numbers are small.
 */
export function createRateLimit({ perKey, total, keys = 4096 }: RateLimits): RateLimit {
  const byKey = new Map<string, Recent>();
  const all = new Recent(total);
  return {
    allow(key, now) {
      const recent = byKey.get(key) ?? new Recent(perKey);
      // Put at the end: the map's first entry is always the one unheard of for longest.
      byKey.delete(key);
      byKey.set(key, recent);
      if (byKey.size > keys) byKey.delete(byKey.keys().next().value ?? key);
      if (!recent.free(now) || !all.free(now)) return false;
      recent.add(now);
      all.add(now);
      return true;
    },
  };
}

/** The times of the last `size` answers. */
class Recent {
  readonly #size: number;
  readonly #times: number[] = [];
  #oldest = 0;

  constructor(size: number) {
    this.#size = size;
  }

  free(now: number): boolean {
    return this.#times.length < this.#size || now - (this.#times[this.#oldest] ?? now) >= 1000;
  }

  add(now: number): void {
    if (this.#times.length < this.#size) {
      this.#times.push(now);
      return;
    }
    this.#times[this.#oldest] = now;
    this.#oldest = (this.#oldest + 1) % this.#size;
  }
}
