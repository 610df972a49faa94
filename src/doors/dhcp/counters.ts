/** What the door has seen, by reason. The reasons are fixed words: nobody outside can make more of them. */
export class DhcpCounters {
  answered = 0;
  /** Would have been answered, but for the rate limit. */
  limited = 0;
  /** Answers that the host could not send. */
  unsent = 0;
  readonly #silent = new Map<string, number>();

  silent(reason: string): void {
    this.#silent.set(reason, (this.#silent.get(reason) ?? 0) + 1);
  }

  /** Why nothing was said, and how often. */
  get silences(): ReadonlyMap<string, number> {
    return this.#silent;
  }
}
