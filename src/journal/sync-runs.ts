import type Database from 'better-sqlite3';
import type { SyncStep } from '../model/journal-event.ts';
import type { SyncEvent } from '../model/sync-event.ts';
import type { SyncRunView } from '../model/views.ts';
import { whole } from './event-words.ts';
import { slotOf } from './sync-slot.ts';

/** A run has a few dozen; one that goes round in circles must not fill the disk. */
const MOST_STEPS = 5000;

/** Runs of the release sync, with their steps. */
export class SyncRuns {
  readonly #begin: Database.Statement<[number]>;
  readonly #step: Database.Statement<[number, number, string | null, string, number, number]>;
  readonly #fail: Database.Statement<[number]>;
  readonly #end: Database.Statement<[number, number, number]>;
  readonly #runs: Database.Statement<[number], { run: number; ended_at: number | null; failed: number }>;
  readonly #steps: Database.Statement<[number], { at: number; event: string }>;

  constructor(db: Database.Database) {
    this.#begin = db.prepare('INSERT INTO sync_run (run, failed) VALUES (?, 0) ON CONFLICT DO NOTHING');
    this.#step = db.prepare(
      `INSERT INTO sync_step (run, at, slot, event)
       SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM sync_step WHERE run = ?) < ?
       ON CONFLICT (run, slot) DO UPDATE SET at = excluded.at, event = excluded.event`,
    );
    this.#fail = db.prepare('UPDATE sync_run SET failed = failed + 1 WHERE run = ? AND ended_at IS NULL');
    this.#end = db.prepare('UPDATE sync_run SET ended_at = ?, failed = ? WHERE run = ?');
    this.#runs = db.prepare('SELECT run, ended_at, failed FROM sync_run ORDER BY run DESC LIMIT ?');
    this.#steps = db.prepare('SELECT at, event FROM sync_step WHERE run = ? ORDER BY id');
  }

  write({ run: began, at: moment, event }: SyncStep): void {
    const [run, at] = [whole(began), whole(moment)];
    this.#begin.run(run);
    // The end is always written: it says what came of the run.
    const most = event.kind === 'done' ? Number.MAX_SAFE_INTEGER : MOST_STEPS;
    this.#step.run(run, at, slotOf(event), JSON.stringify(event), run, most);
    if (event.kind === 'failed') this.#fail.run(run);
    if (event.kind === 'done') this.#end.run(at, event.report.failed, run);
  }

  /** Newest first. */
  list(limit: number): readonly SyncRunView[] {
    return this.#runs.all(limit).map(({ run, ended_at, failed }) => ({
      run,
      ...(ended_at === null ? {} : { endedAt: ended_at }),
      failed,
      steps: this.#steps.all(run).map(({ at, event }) => ({ at, event: JSON.parse(event) as SyncEvent })),
    }));
  }
}
