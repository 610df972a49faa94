/** Why events were not written down. */
export interface Losses {
  /** They came faster than the disk writes. */
  readonly fast: number;
  /** The journal was off, or could not be written when they came. */
  readonly off: number;
  /** Mistakes of the program: the log has them. */
  readonly mistakes: number;
}

export class LossCount {
  #losses: Losses = { fast: 0, off: 0, mistakes: 0 };

  add(reason: keyof Losses, events: number): void {
    this.#losses = { ...this.#losses, [reason]: this.#losses[reason] + events };
  }

  get total(): number {
    const { fast, off, mistakes } = this.#losses;
    return fast + off + mistakes;
  }

  /** As the status says it: by reason where there are any. */
  get status(): { readonly lost: number; readonly losses?: Losses } {
    const lost = this.total;
    return lost === 0 ? { lost } : { lost, losses: this.#losses };
  }
}
