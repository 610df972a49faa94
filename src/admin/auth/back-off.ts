const MAX_SECONDS = 60;
/** After so long without another failure, an address is like new. */
const FORGET = 15 * 60_000;
const MAX_ADDRESSES = 4096;
/** So many failures in a minute, from everywhere, are an attack: an address that has failed waits longer. */
const CROWD = 60;
const CROWD_SECONDS = 10;

interface Failures {
  failures: number;
  /** Until then nothing of this address is compared. */
  until: number;
  at: number;
}

/**
 * How long an address waits after wrong tokens: 1, 2, 4 ... 60 seconds. An address that has not failed never waits,
 * however many others fail: no other client can lock an operator out. The memory is bounded; the address that has
 * been quiet for longest is forgotten first.
 */
export class BackOff {
  readonly #now: () => number;
  readonly #records = new Map<string, Failures>();
  #minute = 0;
  #failures = 0;

  /** `now`: milliseconds of a steady clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Seconds until this address may try again; 0: now. */
  wait(address: string): number {
    const left = (this.#records.get(address)?.until ?? 0) - this.#now();
    return left > 0 ? Math.ceil(left / 1000) : 0;
  }

  failed(address: string): void {
    const now = this.#now();
    const before = this.#records.get(address);
    const failures = before === undefined || now - before.at > FORGET ? 1 : before.failures + 1;
    const own = Math.min(MAX_SECONDS, 2 ** Math.min(failures - 1, 10));
    const seconds = this.#crowded(now) ? Math.max(own, CROWD_SECONDS) : own;
    // Put at the end: the first one is always the one that has been quiet for longest.
    this.#records.delete(address);
    this.#records.set(address, { failures, until: now + seconds * 1000, at: now });
    if (this.#records.size > MAX_ADDRESSES) this.#records.delete(this.#records.keys().next().value ?? address);
  }

  succeeded(address: string): void {
    this.#records.delete(address);
  }

  #crowded(now: number): boolean {
    const minute = Math.floor(now / 60_000);
    if (minute !== this.#minute) this.#failures = 0;
    this.#minute = minute;
    this.#failures += 1;
    return this.#failures > CROWD;
  }
}
