import type Database from 'better-sqlite3';
import type { BootView } from '../model/views.ts';
import type { Phase } from './boot-attempt.ts';

/** A row of `boot`, in the names of its columns. */
export interface BootRecord {
  readonly id: number;
  readonly machine: number;
  readonly at: number;
  readonly last_at: number;
  readonly phase: Phase;
  /** Null: it was told nothing yet. */
  readonly outcome: BootView['outcome'] | null;
  readonly profile: string | null;
  readonly version: string | null;
  readonly up_at: number | null;
  readonly ms: number | null;
  /** How many rows of `event` it has. */
  readonly events: number;
}

export class BootTable {
  readonly #byId: Database.Statement<[number], BootRecord>;
  readonly #insert: Database.Statement<[number, number, number]>;
  readonly #update: Database.Statement<[BootRecord]>;

  constructor(db: Database.Database) {
    this.#byId = db.prepare('SELECT * FROM boot WHERE id = ?');
    this.#insert = db.prepare("INSERT INTO boot (machine, at, last_at, phase, events) VALUES (?, ?, ?, 'asking', 0)");
    this.#update = db.prepare(
      `UPDATE boot SET at = @at, last_at = @last_at, phase = @phase, outcome = @outcome, profile = @profile,
       version = @version, up_at = @up_at, ms = @ms, events = @events WHERE id = @id`,
    );
  }

  byId(id: number): BootRecord | undefined {
    return this.#byId.get(id);
  }

  begin(machine: number, at: number): BootRecord {
    const id = Number(this.#insert.run(machine, at, at).lastInsertRowid);
    const nothing = { outcome: null, profile: null, version: null, up_at: null, ms: null };
    return { id, machine, at, last_at: at, phase: 'asking', ...nothing, events: 0 };
  }

  save(boot: BootRecord): void {
    this.#update.run(boot);
  }
}
