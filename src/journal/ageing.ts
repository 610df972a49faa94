import type Database from 'better-sqlite3';
import { STRAY_MS } from './unattributed-events.ts';
import type { Unlisted } from './unlisted.ts';

const DAY = 86_400_000;
/** Texts hold what only their machine should know. */
const TEXT_DAYS = 30;
/** A machine that no profile names asks every few seconds while it is on. */
const UNKNOWN_DAYS = 30;
/** About ten milliseconds of work. */
const SLICE = 2000;
const TEXTS = 200;

/** What is older than the settings say goes, a little at a time, so that nothing waits for it. Machines stay, but for the unknown ones. */
export class Ageing {
  readonly #db: Database.Database;
  readonly #days: number;
  readonly #unlisted: Unlisted;
  readonly #places = { event: 0, boot: 0 };
  readonly #end: Readonly<Record<'event' | 'boot', Database.Statement<[number, number], { last: number | null }>>>;
  readonly #events: Database.Statement<[number, number, number]>;
  readonly #release: Database.Statement<[number, number, number]>;
  readonly #boots: Database.Statement<[number, number, number]>;
  readonly #sent: Database.Statement<[number, number]>;
  readonly #strays: Database.Statement<[number, number, number]>;
  readonly #runs: Database.Statement<[number, number]>;

  constructor(db: Database.Database, days: number, unlisted: Unlisted) {
    this.#db = db;
    this.#days = days;
    this.#unlisted = unlisted;
    const end = (table: string): Database.Statement<[number, number], { last: number | null }> =>
      db.prepare(`SELECT max(id) AS last FROM (SELECT id FROM ${table} WHERE id > ? ORDER BY id LIMIT ?)`);
    this.#end = { event: end('event'), boot: end('boot') };
    this.#events = db.prepare('DELETE FROM event WHERE id > ? AND id <= ? AND at < ?');
    this.#release = db.prepare(
      `UPDATE machine SET boot = NULL WHERE (id, boot) IN
       (SELECT machine, id FROM boot WHERE id > ? AND id <= ? AND last_at < ?)`,
    );
    this.#boots = db.prepare('DELETE FROM boot WHERE id > ? AND id <= ? AND last_at < ?');
    this.#sent = db.prepare(
      'DELETE FROM sent WHERE digest IN (SELECT digest FROM sent WHERE at < ? ORDER BY at LIMIT ?)',
    );
    this.#strays = db.prepare(
      "DELETE FROM stray WHERE id IN (SELECT id FROM stray WHERE at < ? OR (at < ? AND whose NOT LIKE 'key:%') LIMIT ?)",
    );
    this.#runs = db.prepare('DELETE FROM sync_run WHERE run IN (SELECT run FROM sync_run WHERE run < ? LIMIT ?)');
  }

  /** One slice; true when there is more to do. */
  slice(now: number): boolean {
    const limit = now - this.#days * DAY;
    return this.#db
      .transaction(() => {
        const rows = [
          this.#walk('event', (from, to) => this.#events.run(from, to, limit).changes),
          this.#walk('boot', (from, to) => {
            this.#release.run(from, to, limit);
            return this.#boots.run(from, to, limit).changes;
          }),
          this.#sent.run(now - Math.min(TEXT_DAYS, this.#days) * DAY, TEXTS).changes,
          this.#strays.run(limit, now - STRAY_MS, SLICE).changes,
          this.#runs.run(limit, 10).changes,
          this.#unlisted.makeRoom(),
          this.#unlisted.expire(now - Math.min(UNKNOWN_DAYS, this.#days) * DAY),
        ];
        return rows.some((count) => count > 0);
      })
      .immediate();
  }

  /**
   * Numbers grow with time, nearly: a row that was repeated is a little younger than those after it. A stretch in which
   * nothing is old is the end.
   */
  #walk(table: 'event' | 'boot', remove: (from: number, to: number) => number): number {
    const from = this.#places[table];
    const to = this.#end[table].get(from, SLICE)?.last ?? undefined;
    const removed = to === undefined ? 0 : remove(from, to);
    this.#places[table] = to === undefined || removed === 0 ? 0 : to;
    return removed;
  }
}
