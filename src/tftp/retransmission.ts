/** A second, as most servers have it, costs iPXE 10-16 s per MiB where one packet in a hundred is lost. */
const FIRST_MS = 250;
const MIN_MS = 100;
const MAX_MS = 4_000;
const MIN_SOON_MS = 20;

/**
 * When to send again: RFC 6298's estimate of the round trip between 100 ms and 4 s (250 ms until something is known),
 * doubled with every try; a sample is taken only where nothing was sent twice (Karn).
 */
export class RetransmissionClock {
  /** Milliseconds of the caller's clock. */
  wakeAt: number;
  /** Repetitions since the last progress. */
  tries = 0;
  readonly #cap: number;
  #patience: number;
  #wait: number;
  #srtt: number | undefined;
  #variation = 0;
  #sentAt: number;
  #progressAt: number;
  /** The wait that runs says nothing about the round trip. */
  #hurried = false;

  /** `timeout`: seconds between tries at most; `patience`: milliseconds without progress until it is over. */
  constructor(timeout: number | undefined, patience: number, now: number) {
    this.#cap = timeout === undefined ? MAX_MS : Math.min(MAX_MS, timeout * 1000);
    this.#patience = patience;
    this.#wait = FIRST_MS;
    this.#sentAt = now;
    this.#progressAt = now;
    this.wakeAt = now + patience;
  }

  /** From now on it is over only after so many milliseconds without progress. */
  wait(patience: number): void {
    this.#patience = patience;
  }

  sent(now: number): void {
    this.#sentAt = now;
    this.#hurried = false;
    this.#arm(now);
  }

  /** What is in flight may have been lost: no longer than two round trips, but never less than the door's tick. */
  soon(now: number): void {
    this.#hurried = true;
    this.#arm(now, Math.min(this.#wait, Math.max(MIN_SOON_MS, 2 * (this.#srtt ?? this.#wait))));
  }

  repeated(now: number): void {
    this.tries += 1;
    if (!this.#hurried) this.#wait = Math.min(this.#wait * 2, this.#cap);
    this.#hurried = false;
    this.#arm(now);
  }

  /** Something new was acknowledged. */
  progress(now: number): void {
    this.#progressAt = now;
    if (this.tries === 0) this.#sample(now - this.#sentAt);
    this.tries = 0;
  }

  /** Nothing is in flight: the file is being read. Only patience counts. */
  idle(): void {
    this.wakeAt = this.#progressAt + this.#patience;
  }

  exhausted(now: number): boolean {
    return now >= this.#progressAt + this.#patience;
  }

  #arm(now: number, wait = this.#wait): void {
    this.wakeAt = Math.min(now + wait, this.#progressAt + this.#patience);
  }

  #sample(rtt: number): void {
    if (this.#srtt === undefined) {
      this.#srtt = rtt;
      this.#variation = rtt / 2;
    } else {
      this.#variation += (Math.abs(this.#srtt - rtt) - this.#variation) / 4;
      this.#srtt += (rtt - this.#srtt) / 8;
    }
    this.#wait = Math.max(MIN_MS, Math.min(this.#srtt + 4 * this.#variation, this.#cap));
  }
}
