/** A client that has acknowledged something keeps its slot for so long without a word when others want one. */
const SILENT_MS = 30_000;

/** A running transfer's place among all. */
export interface Slot {
  /** The client acknowledged something: it is there, at its own address. */
  acknowledged(now: number): void;
  /** Milliseconds since the client acknowledged something; undefined when it never did. */
  silence(now: number): number | undefined;
  /** May be called twice. */
  release(): void;
}

/** Why there is no room: all slots are taken, or all those of one address. */
export type Refusal = 'all taken' | 'address';

interface Taken extends Slot {
  readonly giveWay: () => void;
}

/**
 * How many transfers may run: for one address, and in all. A request costs its sender one packet with any address in it,
 * so when there is no room the oldest transfer that never acknowledged anything gives way: a machine that is there has
 * acknowledged long before it is the oldest. If there is none, the client that has been silent for longest does.
 */
export class Slots {
  readonly #perAddress: number;
  readonly #total: number;
  /** Oldest first. */
  readonly #all = new Set<Taken>();
  readonly #of = new Map<string, Set<Taken>>();

  constructor(perAddress: number, total: number) {
    this.#perAddress = perAddress;
    this.#total = total;
  }

  get taken(): number {
    return this.#all.size;
  }

  /** `giveWay` ends the transfer at once, which releases its slot. */
  take(address: string, now: number, giveWay: () => void): Slot | Refusal {
    const mine = this.#of.get(address) ?? new Set();
    if (mine.size >= this.#perAddress && !makeRoom(mine, now)) return 'address';
    if (this.#all.size >= this.#total && !makeRoom(this.#all, now)) return 'all taken';
    let heardAt: number | undefined;
    const slot: Taken = {
      giveWay,
      acknowledged: (at) => {
        heardAt = at;
      },
      silence: (at) => (heardAt === undefined ? undefined : at - heardAt),
      release: () => {
        if (!this.#all.delete(slot)) return;
        mine.delete(slot);
        if (mine.size === 0) this.#of.delete(address);
      },
    };
    this.#all.add(slot);
    mine.add(slot);
    this.#of.set(address, mine);
    return slot;
  }
}

/** False when every one of them is of a client that is there. */
function makeRoom(slots: ReadonlySet<Taken>, now: number): boolean {
  let silent: Taken | undefined;
  let longest = SILENT_MS;
  for (const slot of slots) {
    const silence = slot.silence(now);
    if (silence === undefined) {
      silent = slot;
      break;
    }
    if (silence < longest) continue;
    silent = slot;
    longest = silence;
  }
  if (silent === undefined) return false;
  silent.giveWay();
  return true;
}
