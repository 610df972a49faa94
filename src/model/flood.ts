import type { FloodView } from './views.ts';

/** For people, on every page that counts machines. */
export function floodWords({ newcomers, removed, from }: FloodView): {
  readonly what: string;
  readonly remedy: string;
} {
  const asked = `${newcomers} machines that were never seen before asked in the last ten minutes`;
  const forgotten = removed === 0 ? '' : `, and ${removed} unknown machines were forgotten to make room`;
  const most = from === undefined ? '' : `, most of them from ${from}`;
  const look = from === undefined ? 'look for who asks' : `look at ${from}`;
  const remedy = `if they are not yours, ${look}; machines that profiles name are not affected, and the newest unknown ones stay`;
  return { what: `${asked}${most}${forgotten}`, remedy };
}

const MANY = 1000;
/** A full table makes room for a few ordinary machines, too. */
const MANY_REMOVED = 100;
const WINDOW_MS = 600_000;
const REMOVED_MS = 3_600_000;
const SLOT_MS = 60_000;
const ADDRESSES = 100;

interface Slot {
  readonly at: number;
  newcomers: number;
  removed: number;
  readonly from: Map<string, number>;
}

/** Notices that machines are invented. */
export class Flood {
  /** A minute each, oldest first. */
  #slots: Slot[] = [];

  add(newcomers: number, removed: number, from: string | undefined, now: number): void {
    if (newcomers === 0 && removed === 0) return;
    const slot = this.#slotAt(now);
    slot.newcomers += newcomers;
    slot.removed += removed;
    if (from === undefined || (slot.from.size >= ADDRESSES && !slot.from.has(from))) return;
    slot.from.set(from, (slot.from.get(from) ?? 0) + newcomers);
  }

  /** Adds what a batch was about, and gives the flood when it begins with that. */
  begins(newcomers: number, removed: number, from: string | undefined, now: number): FloodView | undefined {
    const before = this.at(now);
    this.add(newcomers, removed, from, now);
    return before === undefined ? this.at(now) : undefined;
  }

  /** Undefined while what happens is ordinary. */
  at(now: number): FloodView | undefined {
    const hour = this.#slots.filter((slot) => now - slot.at < REMOVED_MS);
    const recent = hour.filter((slot) => now - slot.at < WINDOW_MS);
    const newcomers = recent.reduce((sum, slot) => sum + slot.newcomers, 0);
    const removed = hour.reduce((sum, slot) => sum + slot.removed, 0);
    if (newcomers < MANY && removed < MANY_REMOVED) return undefined;
    const addresses = new Map<string, number>();
    for (const { from } of recent)
      for (const [address, n] of from) addresses.set(address, (addresses.get(address) ?? 0) + n);
    const [most] = [...addresses].sort(([, a], [, b]) => b - a);
    return { newcomers, removed, ...(most !== undefined && most[1] > newcomers / 2 ? { from: most[0] } : {}) };
  }

  #slotAt(now: number): Slot {
    const last = this.#slots.at(-1);
    if (last !== undefined && now - last.at < SLOT_MS) return last;
    const slot = { at: now, newcomers: 0, removed: 0, from: new Map<string, number>() };
    this.#slots = [...this.#slots.filter(({ at }) => now - at < REMOVED_MS), slot];
    return slot;
  }
}
