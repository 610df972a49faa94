import { Failure } from '../model/failure.ts';
import {
  MACHINE_STATES,
  type MachineColumn,
  type MachineSort,
  type MachineState,
  naturalKey,
  sortParts,
  STATES_BY_NEED,
} from '../model/machine-list.ts';
import type { MachinePage, MachineQuery } from '../model/views.ts';
import type { MachineRecord, SearchTexts } from './machine-record.ts';
import { rowView } from './machine-views.ts';
import { type Database, prepare, type Statement } from './sqlite.ts';

const MOST = 500;
const LONGEST_TEXT = 200;
/** Up to so many machines are fetched and sorted; of more the newest are found sooner by walking. */
const FEW = 2000;
/** The first look; each one after it is longer, so that few are needed. */
const STRIDE = 1000;
const IDS = 'SELECT value AS place FROM json_each(?)';

type FoundMachine = MachineRecord & { readonly sort_name: string };

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

interface Wanted {
  readonly conditions: readonly Condition[];
  readonly index: string;
  /** What they shall have in their text; empty: anything. */
  readonly needle: string;
  /** Those that have it, if they are few. */
  readonly among: readonly number[] | undefined;
}

/** The table of machines, page by page. Every way through it reads one index and the rows of the page. */
export class MachinePages {
  readonly #db: Database;
  readonly #texts: SearchTexts;
  readonly #countsAt: (now: number) => Counts;
  readonly #prepared = new Map<string, Statement<(string | number)[]>>();

  constructor(db: Database, texts: SearchTexts) {
    this.#db = db;
    this.#texts = texts;
    this.#countsAt = openStateCounts(db);
    db.function('natural', { deterministic: true }, (text: string | null) => (text === null ? null : naturalKey(text)));
  }

  page(query: MachineQuery, now: number): MachinePage {
    const limit = Math.min(MOST, Math.max(1, Math.trunc(query.limit) || 1));
    const after = query.after === undefined ? undefined : parsePlace(query.after);
    const states = this.#countsAt(now);
    const wanted = this.#wanted(query, now, states);
    const total = this.#total(query, wanted, states);
    if (query.sort !== undefined || (query.skip ?? 0) > 0) {
      const machines = this.#sorted(query, wanted, now, limit).map((record) => rowView(record, now));
      return { machines, states, total };
    }
    // One more than wanted tells whether there is a next page.
    const found = after?.kind === 'never' ? [] : [...this.#seen(wanted, after, limit + 1)];
    if (found.length <= limit) {
      const never = after?.kind === 'never' ? after : undefined;
      found.push(...this.#never(wanted, never, limit + 1 - found.length));
    }
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      machines: page.map((record) => rowView(record, now)),
      next: found.length > limit && last !== undefined ? placeText(placeOf(last)) : undefined,
      states,
      total,
    };
  }

  /** How many there are on all pages. */
  #total({ text, state, profile, tag }: MachineQuery, wanted: Wanted, states: Counts): number {
    if (text === undefined && profile === undefined && tag === undefined) {
      return state === undefined ? MACHINE_STATES.reduce((sum, one) => sum + states[one], 0) : states[state];
    }
    const { sql, values } = this.#everyOne(wanted);
    const [found] = this.#all(`SELECT count(*) AS n ${sql}`, values) as readonly { readonly n: number }[];
    return found?.n ?? 0;
  }

  /** By a column, or from far down the list: all of them are looked at. */
  #sorted({ sort, skip = 0 }: MachineQuery, wanted: Wanted, now: number, limit: number): readonly FoundMachine[] {
    const { sql, values } = this.#everyOne(wanted);
    const order = orderOf(sort ?? '-seen');
    const bound = [...values, ...(order.includes('?') ? [now] : []), limit, skip];
    return this.#all(`SELECT * ${sql} ORDER BY ${order} LIMIT ? OFFSET ?`, bound) as readonly FoundMachine[];
  }

  #everyOne({ conditions, needle }: Wanted): { readonly sql: string; readonly values: readonly (string | number)[] } {
    const texts = needle === '' ? [] : [{ sql: `id IN (${IDS})`, values: [this.#having(needle)] }];
    const all = [...conditions, ...texts];
    const where = all.length === 0 ? '' : ` WHERE ${all.map(({ sql }) => sql).join(' AND ')}`;
    return { sql: `FROM machine${where}`, values: all.flatMap(({ values }) => values) };
  }

  #having(needle: string): string {
    return JSON.stringify(this.#texts.find(needle, Infinity) ?? []);
  }

  #wanted(query: MachineQuery, now: number, states: Counts): Wanted {
    const { text, state, profile, tag } = query;
    const needle = text?.trim().toLowerCase().slice(0, LONGEST_TEXT) ?? '';
    const conditions = state === undefined ? [] : [...stateConditions(state, now)];
    if (profile !== undefined) conditions.push({ sql: 'shown_profile = ?', values: [profile] });
    // The tags are JSON; none has a character that is escaped there.
    if (tag !== undefined)
      conditions.push({ sql: 'node_tags IS NOT NULL AND instr(node_tags, ?) > 0', values: [JSON.stringify(tag)] });
    const among = needle === '' ? undefined : this.#texts.find(needle, FEW);
    return { conditions, needle, among, index: indexFor(query, states) };
  }

  #seen(wanted: Wanted, after: Place | undefined, limit: number): readonly FoundMachine[] {
    const begin =
      after?.kind === 'seen' ? [{ sql: '(last_seen, id) < (?, ?)', values: [after.lastSeen, after.id] }] : [];
    const conditions = [{ sql: 'last_seen IS NOT NULL', values: [] }, ...begin, ...wanted.conditions];
    return this.#select({ ...wanted, conditions }, 'last_seen DESC, id DESC', limit);
  }

  #never(wanted: Wanted, after: Place | undefined, limit: number): readonly FoundMachine[] {
    const begin = after?.kind === 'never' ? [{ sql: '(sort_name, id) > (?, ?)', values: [after.name, after.id] }] : [];
    const conditions = [{ sql: 'last_seen IS NULL', values: [] }, ...begin, ...wanted.conditions];
    const index = wanted.index === 'machine_tagged' ? wanted.index : 'machine_never';
    return this.#select({ ...wanted, conditions, index }, 'sort_name, id', limit);
  }

  #select({ conditions, index, needle, among }: Wanted, order: string, limit: number): readonly FoundMachine[] {
    const where = conditions.map(({ sql }) => sql).join(' AND ');
    const values = conditions.flatMap((condition) => condition.values);
    // The inner query needs an index alone; only the rows of the page are read.
    const rows = (inner: string, ...bound: (string | number)[]): readonly FoundMachine[] =>
      this.#all(
        `SELECT machine.* FROM (${inner}) CROSS JOIN machine ON id = place ORDER BY ${order}`,
        bound,
      ) as readonly FoundMachine[];
    const walk = `SELECT id AS place FROM machine INDEXED BY ${index} WHERE ${where} ORDER BY ${order} LIMIT ? OFFSET ?`;
    if (needle === '') return rows(walk, ...values, limit, 0);
    if (among === undefined) return rows(IDS, JSON.stringify(this.#pick(walk, values, needle, limit)));
    const few = `SELECT id AS place FROM (${IDS}) CROSS JOIN machine ON id = place WHERE ${where} ORDER BY ${order} LIMIT ?`;
    return rows(few, JSON.stringify(among), ...values, limit);
  }

  /** The first ones on a walk that have it in their text. */
  #pick(walk: string, values: readonly (string | number)[], needle: string, limit: number): readonly number[] {
    const picked: number[] = [];
    for (let from = 0, stride = STRIDE; picked.length < limit; from += stride, stride *= 4) {
      const places = this.#all(walk, [...values, stride, from]) as readonly { place: number }[];
      for (const { place } of places) if (this.#texts.has(place, needle)) picked.push(place);
      if (places.length < stride) break;
    }
    return picked.slice(0, limit);
  }

  #all(sql: string, values: readonly (string | number)[]): readonly unknown[] {
    const statement = this.#prepared.get(sql) ?? prepare<(string | number)[]>(this.#db, sql);
    this.#prepared.set(sql, statement);
    return statement.all(...values);
  }
}

/** The shortest way to what is asked for. */
function indexFor({ state, profile, tag }: MachineQuery, states: Counts): string {
  if (tag !== undefined) return 'machine_tagged';
  if (profile !== undefined) return 'machine_profile';
  if (state === 'failed') return states.failed <= FEW ? 'machine_awaited' : 'machine_recent';
  return state === undefined ? 'machine_recent' : 'machine_state';
}

const BY_NEED = STATES_BY_NEED.map((state, i) => `WHEN '${state}' THEN ${String(i)}`).join(' ');

/** What each column is sorted by; `?` is now. */
const SORTED_BY: Readonly<Record<MachineColumn, string>> = {
  state: `CASE CASE WHEN state IN ('booting', 'installing') AND deadline < ? THEN 'failed' ELSE state END ${BY_NEED} END`,
  name: 'natural(sort_name)',
  hardware: 'natural(coalesce(product, manufacturer))',
  address: 'natural(coalesce(address, node_address))',
  profile: 'natural(shown_profile)',
  // The last of the list.
  boots: "CAST(nullif(substr(durations, length(rtrim(durations, '0123456789')) + 1), '') AS INTEGER)",
  seen: 'last_seen',
};

/** Those of which it is not known come last, either way. */
function orderOf(sort: MachineSort): string {
  const { column, down } = sortParts(sort);
  return `${SORTED_BY[column]} ${down ? 'DESC' : 'ASC'} NULLS LAST, natural(sort_name), id`;
}

function stateConditions(state: MachineState, now: number): readonly Condition[] {
  if (state === 'failed') return [{ sql: "state IN ('booting', 'installing') AND deadline < ?", values: [now] }];
  const is = { sql: 'state = ?', values: [state] };
  if (state !== 'booting' && state !== 'installing') return [is];
  return [is, { sql: '(deadline IS NULL OR deadline >= ?)', values: [now] }];
}

function placeOf({ id, last_seen: lastSeen, sort_name: name }: FoundMachine): Place {
  return lastSeen === null ? { kind: 'never', name, id } : { kind: 'seen', lastSeen, id };
}

/** Where a page ended: at a machine that was seen, or at one that never was. */
type Place =
  | { readonly kind: 'seen'; readonly lastSeen: number; readonly id: number }
  | { readonly kind: 'never'; readonly name: string; readonly id: number };

export function placeText(place: Place): string {
  const parts = place.kind === 'seen' ? ['s', place.lastSeen, place.id] : ['n', place.name, place.id];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Throws Failure `invalid` for what no page ended with. */
export function parsePlace(text: string): Place {
  const parts = partsOf(text);
  const [kind, at, id] = parts;
  if (Number.isSafeInteger(id)) {
    if (kind === 's' && Number.isSafeInteger(at)) return { kind: 'seen', lastSeen: Number(at), id: Number(id) };
    if (kind === 'n' && typeof at === 'string') return { kind: 'never', name: at, id: Number(id) };
  }
  throw new Failure('invalid', 'no page ended there', {
    remedy: 'use the `next` of a page, or begin at the first page',
  });
}

function partsOf(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text.slice(0, 2000), 'base64url').toString('utf8'));
    return Array.isArray(parts) ? (parts as readonly unknown[]) : [];
  } catch {
    return [];
  }
}

type Counts = Record<MachineState, number>;

/** How many machines are in each state. */
export function openStateCounts(db: Database): (now: number) => Counts {
  const all = prepare<[], { state: MachineState; n: number }>(db, 'SELECT state, n FROM state_count');
  const late = prepare<[string, number], { n: number }>(
    db,
    'SELECT count(*) AS n FROM machine INDEXED BY machine_awaited WHERE state = ? AND deadline < ?',
  );
  return (now) => {
    const counts = Object.fromEntries(MACHINE_STATES.map((state) => [state, 0])) as Counts;
    for (const { state, n } of all.all()) counts[state] += n;
    for (const state of ['booting', 'installing'] as const) {
      const failed = late.get(state, now)?.n ?? 0;
      counts[state] -= failed;
      counts.failed += failed;
    }
    return counts;
  };
}
