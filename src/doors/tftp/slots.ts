/** How many transfers may run: for one address, and in all. */
export class Slots {
  readonly #perAddress: number;
  readonly #total: number;
  readonly #taken = new Map<string, number>();
  #sum = 0;

  constructor(perAddress: number, total: number) {
    this.#perAddress = perAddress;
    this.#total = total;
  }

  get taken(): number {
    return this.#sum;
  }

  /** False when there is no room; otherwise `release` must follow once. */
  take(address: string): boolean {
    const mine = this.#taken.get(address) ?? 0;
    if (mine >= this.#perAddress || this.#sum >= this.#total) return false;
    this.#taken.set(address, mine + 1);
    this.#sum += 1;
    return true;
  }

  release(address: string): void {
    const mine = this.#taken.get(address) ?? 0;
    if (mine <= 1) this.#taken.delete(address);
    else this.#taken.set(address, mine - 1);
    this.#sum -= 1;
  }
}
