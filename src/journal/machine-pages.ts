import type Database from 'better-sqlite3';
import { MACHINE_STATES, type MachineState } from '../domain/machine.ts';
import type { MachinePage, MachineQuery } from '../domain/views.ts';
import type { MachineRecord } from './machine-record.ts';
import { parsePlace, placeText, type Place } from './page-place.ts';
import { rowView } from './row-view.ts';

const MOST = 500;
const LONGEST_TEXT = 200;
const AWAITED = "state IN ('booting', 'installing')";

type FoundMachine = MachineRecord & { readonly sort_name: string };

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** The table of machines, page by page. Every way through it reads one index and the rows of the page. */
export class MachinePages {
  readonly #db: Database.Database;
  readonly #states: Database.Statement<[number], { state: MachineState; n: number; late: number }>;
  readonly #prepared = new Map<string, Database.Statement<(string | number)[], FoundMachine>>();

  constructor(db: Database.Database) {
    this.#db = db;
    this.#states = db.prepare(
      `SELECT state, count(*) AS n, sum(coalesce(${AWAITED} AND deadline < ?, 0)) AS late
       FROM machine INDEXED BY machine_state GROUP BY state`,
    );
  }

  page(query: MachineQuery, now: number): MachinePage {
    const limit = Math.min(MOST, Math.max(1, Math.trunc(query.limit) || 1));
    const after = query.after === undefined ? undefined : parsePlace(query.after);
    const conditions = conditionsOf(query, now);
    // One more than wanted tells whether there is a next page.
    const found = after?.kind === 'never' ? [] : [...this.#seen(query, conditions, after, limit + 1)];
    if (found.length <= limit) {
      const never = after?.kind === 'never' ? after : undefined;
      found.push(...this.#never(conditions, never, limit + 1 - found.length));
    }
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      machines: page.map((record) => rowView(record, now)),
      ...(found.length > limit && last !== undefined ? { next: placeText(placeOf(last)) } : {}),
      states: this.states(now),
    };
  }

  states(now: number): Readonly<Record<MachineState, number>> {
    const counts = Object.fromEntries(MACHINE_STATES.map((state) => [state, 0])) as Record<MachineState, number>;
    for (const { state, n, late } of this.#states.all(now)) {
      counts[state] += n - late;
      counts.failed += late;
    }
    return counts;
  }

  #seen(query: MachineQuery, wanted: readonly Condition[], after: Place | undefined, limit: number): FoundMachine[] {
    const begin =
      after?.kind === 'seen' ? [{ sql: '(last_seen, id) < (?, ?)', values: [after.lastSeen, after.id] }] : [];
    const conditions = [{ sql: 'last_seen IS NOT NULL', values: [] }, ...begin, ...wanted];
    // Where only a state is asked for there is a shorter way.
    const direct = query.state !== undefined && query.state !== 'failed';
    const index =
      direct && query.text === undefined && query.profile === undefined ? 'machine_state' : 'machine_recent';
    return this.#select(index, conditions, 'last_seen DESC, id DESC', limit);
  }

  #never(wanted: readonly Condition[], after: Place | undefined, limit: number): FoundMachine[] {
    const begin = after?.kind === 'never' ? [{ sql: '(sort_name, id) > (?, ?)', values: [after.name, after.id] }] : [];
    const conditions = [{ sql: 'last_seen IS NULL', values: [] }, ...begin, ...wanted];
    return this.#select('machine_never', conditions, 'sort_name, id', limit);
  }

  #select(index: string, conditions: readonly Condition[], order: string, limit: number): FoundMachine[] {
    const where = conditions.map(({ sql }) => sql).join(' AND ');
    // The inner query needs the index alone; only the rows of the page are read.
    const sql = `SELECT machine.* FROM
      (SELECT id AS place FROM machine INDEXED BY ${index} WHERE ${where} ORDER BY ${order} LIMIT ?)
      CROSS JOIN machine ON id = place ORDER BY ${order}`;
    const statement = this.#prepared.get(sql) ?? this.#db.prepare<(string | number)[], FoundMachine>(sql);
    this.#prepared.set(sql, statement);
    return statement.all(...conditions.flatMap(({ values }) => values), limit);
  }
}

function conditionsOf({ text, state, profile }: MachineQuery, now: number): readonly Condition[] {
  const conditions: Condition[] = [];
  if (state === 'failed') conditions.push({ sql: `${AWAITED} AND deadline < ?`, values: [now] });
  else if (state !== undefined) {
    conditions.push({ sql: 'state = ?', values: [state] });
    if (state === 'booting' || state === 'installing') {
      conditions.push({ sql: '(deadline IS NULL OR deadline >= ?)', values: [now] });
    }
  }
  if (profile !== undefined) conditions.push({ sql: 'shown_profile = ?', values: [profile] });
  const needle = text?.trim().toLowerCase().slice(0, LONGEST_TEXT) ?? '';
  if (needle !== '') conditions.push({ sql: 'instr(search, ?) > 0', values: [needle] });
  return conditions;
}

function placeOf({ id, last_seen: lastSeen, sort_name: name }: FoundMachine): Place {
  return lastSeen === null ? { kind: 'never', name, id } : { kind: 'seen', lastSeen, id };
}
