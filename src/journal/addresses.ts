import type Database from 'better-sqlite3';

/** So long an address stays a machine's without a word from it: leases are not given to others faster. */
export const HELD_MS = 900_000;
const REMEMBERED = 50_000;

interface Holder {
  readonly machine: number;
  readonly at: number;
}

/** Which machine used an address last. */
export class Addresses {
  readonly #last: Database.Statement<[string], { id: number; address_at: number }>;
  readonly #recent = new Map<string, Holder>();

  constructor(db: Database.Database) {
    this.#last = db.prepare(
      'SELECT id, address_at FROM machine WHERE address = ? AND address_at IS NOT NULL ORDER BY address_at DESC LIMIT 1',
    );
  }

  used(address: string, machine: number, at: number): void {
    if (this.#recent.size >= REMEMBERED) this.#recent.clear();
    this.#recent.set(address, { machine, at });
  }

  /** Whose it was at a moment; undefined when nobody used it in the time before. */
  holder(address: string, moment: number): number | undefined {
    let found = this.#recent.get(address);
    if (found === undefined) {
      const row = this.#last.get(address);
      if (row === undefined) return undefined;
      found = { machine: row.id, at: row.address_at };
      this.used(address, found.machine, found.at);
    }
    return moment - found.at <= HELD_MS ? found.machine : undefined;
  }

  /** What is remembered may be wrong: a transaction was rolled back. */
  forget(): void {
    this.#recent.clear();
  }
}
