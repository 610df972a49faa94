import type { MachineFacts } from '../model/facts.ts';

/** A rack asks within a minute; the oldest is forgotten first. */
const MOST = 16_384;
/** Addresses are handed out anew: after a while nobody is known to be there. */
const FRESH_MS = 15 * 60_000;

interface Seen {
  readonly facts: MachineFacts;
  readonly at: number;
}

/** Which machine asked last from which address: files are fetched without saying who fetches. */
export class Whereabouts {
  readonly #seen = new Map<string, Seen>();
  readonly #now: () => number;

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  saw(address: string, facts: MachineFacts): void {
    const before = this.#seen.get(address);
    const at = this.#now();
    // A machine that asks again and again moves to the end once a second, not each time.
    if (before?.facts === facts && at - before.at < 1000) return;
    this.#seen.delete(address);
    this.#seen.set(address, { facts, at });
    if (this.#seen.size <= MOST) return;
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest);
      break;
    }
  }

  at(address: string): MachineFacts | undefined {
    const seen = this.#seen.get(address);
    return seen === undefined || this.#now() - seen.at > FRESH_MS ? undefined : seen.facts;
  }
}
