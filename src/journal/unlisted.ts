import type Database from 'better-sqlite3';
import type { SearchTexts } from './texts.ts';

/** How many machines that no profile names are kept: those that were told that they are unknown, and the others. */
export interface UnlistedLimits {
  readonly unknown: number;
  /** They booted: the default profile's machines, and those that were taken out of their profile. */
  readonly booted: number;
}

const LIMITS: UnlistedLimits = { unknown: 10_000, booted: 100_000 };
/** Counted again after so many new ones. */
const UNCOUNTED = 500;
/** So many go at once: more than a batch can bring, and about as long as one takes to write. */
const SLICE = 500;

interface Row {
  readonly id: number;
  readonly key: string;
  readonly last_seen: number | null;
}

/**
 * Machines that no profile names. Anybody on the network can invent them, so they have a room of their own: those seen
 * last stay, the others make room, and no machine that a profile names is ever counted among them.
 */
export class Unlisted {
  readonly #limits: UnlistedLimits;
  readonly #texts: SearchTexts;
  readonly #oldest: Readonly<Record<keyof UnlistedLimits, Database.Statement<[number, number], Row>>>;
  readonly #count: Readonly<Record<keyof UnlistedLimits, Database.Statement<[], { n: number }>>>;
  readonly #remove: readonly Database.Statement<[Row]>[];
  /** New ones since the last count. At the beginning the table may be of a version that kept more. */
  #uncounted = Infinity;

  constructor(db: Database.Database, texts: SearchTexts, limits: UnlistedLimits = LIMITS) {
    this.#limits = limits;
    this.#texts = texts;
    const oldest = (index: string, is: string): Database.Statement<[number, number], Row> =>
      db.prepare(
        `SELECT id, key, last_seen FROM machine INDEXED BY ${index}
         WHERE node_key IS NULL AND ${is} AND last_seen < ? ORDER BY last_seen LIMIT ?`,
      );
    const count = (index: string, is: string): Database.Statement<[], { n: number }> =>
      db.prepare(`SELECT count(*) AS n FROM machine INDEXED BY ${index} WHERE node_key IS NULL AND ${is}`);
    this.#oldest = {
      unknown: oldest('machine_unknown', "state = 'unknown'"),
      booted: oldest('machine_unlisted', "state <> 'unknown'"),
    };
    this.#count = {
      unknown: count('machine_unknown', "state = 'unknown'"),
      booted: count('machine_unlisted', "state <> 'unknown'"),
    };
    const boots = 'SELECT id FROM boot WHERE machine = @id';
    this.#remove = [
      // Its script names it, so it is mostly its own. One that others are sent, too, is kept again with the next of them.
      `DELETE FROM sent WHERE at <= @last_seen AND digest IN (SELECT digest FROM event WHERE boot IN (${boots}))`,
      `DELETE FROM event WHERE boot IN (${boots})`,
      `DELETE FROM stray WHERE whose = 'key:' || @key`,
      'DELETE FROM machine WHERE id = @id',
    ].map((sql) => db.prepare<[Row]>(sql));
  }

  /** A machine that no profile names was written down for the first time. */
  added(): void {
    this.#uncounted += 1;
  }

  /** Removes some of what is too much; how many. What is remembered of the tables is wrong afterwards. */
  makeRoom(): number {
    if (this.#uncounted < Math.min(UNCOUNTED, this.#limits.unknown / 10)) return 0;
    const over = (['unknown', 'booted'] as const).map((kind) => {
      const much = (this.#count[kind].get()?.n ?? 0) - this.#limits[kind];
      return { removed: much <= 0 ? 0 : this.#removeOldest(kind, Infinity, Math.min(much, SLICE)), much };
    });
    if (over.every(({ much }) => much <= SLICE)) this.#uncounted = 0;
    return over.reduce((sum, { removed }) => sum + removed, 0);
  }

  /** Removes some of the unknown machines that were seen last before that moment; how many. */
  expire(before: number): number {
    return this.#removeOldest('unknown', before, SLICE);
  }

  #removeOldest(kind: keyof UnlistedLimits, before: number, most: number): number {
    const rows = this.#oldest[kind].all(before, most);
    for (const row of rows) {
      for (const statement of this.#remove) statement.run(row);
      this.#texts.remove(row.id);
    }
    return rows.length;
  }
}
