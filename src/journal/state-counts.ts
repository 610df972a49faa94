import type Database from 'better-sqlite3';
import { MACHINE_STATES, type MachineState } from '../model/machine.ts';

const AWAITED = ['booting', 'installing'] as const;

/** How many machines are in each state. */
export class StateCounts {
  readonly #counts: Database.Statement<[], { state: MachineState; n: number }>;
  readonly #late: Database.Statement<[string, number], { n: number }>;

  constructor(db: Database.Database) {
    this.#counts = db.prepare('SELECT state, n FROM state_count');
    this.#late = db.prepare(
      'SELECT count(*) AS n FROM machine INDEXED BY machine_awaited WHERE state = ? AND deadline < ?',
    );
  }

  at(now: number): Readonly<Record<MachineState, number>> {
    const counts = Object.fromEntries(MACHINE_STATES.map((state) => [state, 0])) as Record<MachineState, number>;
    for (const { state, n } of this.#counts.all()) counts[state] += n;
    for (const state of AWAITED) {
      const late = this.#late.get(state, now)?.n ?? 0;
      counts[state] -= late;
      counts.failed += late;
    }
    return counts;
  }
}
