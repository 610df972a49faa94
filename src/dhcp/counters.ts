/** What the door has seen, by reason. The reasons are fixed words: no packet can make more of them. */
export class DhcpCounters {
  answered = 0;
  /** Would have been answered, but for the rate limit. */
  limited = 0;
  /** Answers that the host could not send. */
  unsent = 0;
  /** Packets that were lost before they were looked at: the kernel's buffer or ours was full. */
  dropped = 0;
  /** When the last of them was, on the clock of `performance.now()`. */
  droppedAt: number | undefined;
  readonly #silent = new Map<string, number>();

  silent(reason: string): void {
    this.#silent.set(reason, (this.#silent.get(reason) ?? 0) + 1);
  }

  drop(packets: number, now: number): void {
    if (packets === 0) return;
    this.dropped += packets;
    this.droppedAt = now;
  }

  /** Why nothing was said, and how often. */
  get silences(): ReadonlyMap<string, number> {
    return this.#silent;
  }
}
