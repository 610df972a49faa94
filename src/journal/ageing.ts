import type { SearchTexts } from './machine-record.ts';
import { UNATTRIBUTED_MS } from './unattributed-events.ts';
import { type Database, prepare, transaction } from './sqlite.ts';

const DAY = 86_400_000;
/** Texts and logs hold what only their machine should know. */
const TEXT_DAYS = 30;
/** A machine that no profile names asks every few seconds while it is on. */
const UNKNOWN_DAYS = 30;
/** About ten milliseconds of work. */
const SLICE = 2000;
const TEXTS = 200;

/**
 * Removes what is older than `days`, a slice at each call, so that nothing waits for it; true when there is more to do.
 * Machines stay, but for the unknown ones.
 */
export function openAgeing(db: Database, days: number, unlisted: Unlisted): (now: number) => boolean {
  const end = (table: string) =>
    prepare<[number, number], { last: number | null }>(
      db,
      `SELECT max(id) AS last FROM (SELECT id FROM ${table} WHERE id > ? ORDER BY id LIMIT ?)`,
    );
  const ends = { event: end('event'), boot: end('boot') };
  const places = { event: 0, boot: 0 };
  const events = prepare<[number, number, number]>(db, 'DELETE FROM event WHERE id > ? AND id <= ? AND at < ?');
  const release = prepare<[number, number, number]>(
    db,
    `UPDATE machine SET boot = NULL WHERE (id, boot) IN
     (SELECT machine, id FROM boot WHERE id > ? AND id <= ? AND last_at < ?)`,
  );
  const boots = prepare<[number, number, number]>(db, 'DELETE FROM boot WHERE id > ? AND id <= ? AND last_at < ?');
  const sent = prepare<[number, number]>(
    db,
    'DELETE FROM sent WHERE digest IN (SELECT digest FROM sent WHERE at < ? ORDER BY at LIMIT ?)',
  );
  const unattributed = prepare<[number, number, number]>(
    db,
    "DELETE FROM stray WHERE id IN (SELECT id FROM stray WHERE at < ? OR (at < ? AND whose NOT LIKE 'key:%') LIMIT ?)",
  );
  const runs = prepare<[number, number]>(
    db,
    'DELETE FROM sync_run WHERE run IN (SELECT run FROM sync_run WHERE run < ? LIMIT ?)',
  );
  const logs = prepare<[number, number]>(
    db,
    'DELETE FROM log_line WHERE id IN (SELECT id FROM log_line WHERE at < ? ORDER BY at LIMIT ?)',
  );
  const activities = prepare<[number, number]>(
    db,
    'DELETE FROM activity WHERE id IN (SELECT id FROM activity WHERE at < ? LIMIT ?)',
  );
  const profileBoots = prepare<[number]>(db, 'DELETE FROM profile_boot WHERE last_seen < ?');

  /**
   * Numbers grow with time, nearly: a row that was repeated is a little younger than those after it. A stretch in which
   * nothing is old is the end.
   */
  function walk(table: 'event' | 'boot', remove: (from: number, to: number) => number): number {
    const from = places[table];
    const to = ends[table].get(from, SLICE)?.last ?? undefined;
    const removed = to === undefined ? 0 : remove(from, to);
    places[table] = to === undefined || removed === 0 ? 0 : to;
    return removed;
  }

  return (now) => {
    const limit = now - days * DAY;
    return transaction(db, () => {
      const rows = [
        walk('event', (from, to) => events.run(from, to, limit).changes),
        walk('boot', (from, to) => {
          release.run(from, to, limit);
          return boots.run(from, to, limit).changes;
        }),
        sent.run(now - Math.min(TEXT_DAYS, days) * DAY, TEXTS).changes,
        logs.run(now - Math.min(TEXT_DAYS, days) * DAY, SLICE).changes,
        unattributed.run(limit, now - UNATTRIBUTED_MS, SLICE).changes,
        runs.run(limit, 10).changes,
        activities.run(limit, SLICE).changes,
        profileBoots.run(limit).changes,
        unlisted.makeRoom(),
        unlisted.expire(now - Math.min(UNKNOWN_DAYS, days) * DAY),
      ];
      return rows.some((count) => count > 0);
    });
  };
}

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
const MACHINES = 500;

interface UnlistedRow {
  readonly id: number;
  readonly key: string;
  readonly last_seen: number | null;
}

export type Unlisted = ReturnType<typeof openUnlisted>;

/**
 * Machines that no profile names. Any client can invent them, so their number is limited: those seen last stay, the
 * others make room, and no machine that a profile names is ever counted among them.
 */
export function openUnlisted(db: Database, texts: SearchTexts, limits = LIMITS) {
  const rowsOf = (index: string, is: string) => ({
    oldest: prepare<[number, number], UnlistedRow>(
      db,
      `SELECT id, key, last_seen FROM machine INDEXED BY ${index}
       WHERE node_key IS NULL AND ${is} AND last_seen < ? ORDER BY last_seen LIMIT ?`,
    ),
    count: prepare<[], { n: number }>(
      db,
      `SELECT count(*) AS n FROM machine INDEXED BY ${index} WHERE node_key IS NULL AND ${is}`,
    ),
  });
  const rows = {
    unknown: rowsOf('machine_unknown', "state = 'unknown'"),
    booted: rowsOf('machine_unlisted', "state <> 'unknown'"),
  };
  const boots = 'SELECT id FROM boot WHERE machine = @id';
  const removals = [
    // Its script names it, so it is mostly its own. One that others are sent, too, is kept again with the next of them.
    `DELETE FROM sent WHERE at <= @last_seen AND digest IN (SELECT digest FROM event WHERE boot IN (${boots}))`,
    `DELETE FROM event WHERE boot IN (${boots})`,
    `DELETE FROM stray WHERE whose = 'key:' || @key`,
    'DELETE FROM machine WHERE id = @id',
  ].map((sql) => prepare<[UnlistedRow]>(db, sql));
  // New ones since the last count. At the beginning the table may be of a version that kept more.
  let uncounted = Infinity;

  function removeOldest(kind: keyof UnlistedLimits, before: number, most: number): number {
    const found = rows[kind].oldest.all(before, most);
    for (const row of found) {
      for (const statement of removals) statement.run(row);
      texts.remove(row.id);
    }
    return found.length;
  }

  return {
    /** A machine that no profile names was written for the first time. */
    added(): void {
      uncounted += 1;
    },
    /** Removes some of what is too much; how many. What is remembered of the tables is wrong afterwards. */
    makeRoom(): number {
      if (uncounted < Math.min(UNCOUNTED, limits.unknown / 10)) return 0;
      const over = (['unknown', 'booted'] as const).map((kind) => {
        const much = (rows[kind].count.get()?.n ?? 0) - limits[kind];
        return { removed: much <= 0 ? 0 : removeOldest(kind, Infinity, Math.min(much, MACHINES)), much };
      });
      if (over.every(({ much }) => much <= MACHINES)) uncounted = 0;
      return over.reduce((sum, { removed }) => sum + removed, 0);
    },
    /** Removes some of the unknown machines that were seen last before that moment; how many. */
    expire: (before: number): number => removeOldest('unknown', before, MACHINES),
  };
}
