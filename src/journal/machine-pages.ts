import { Failure } from '../model/failure.ts';
import { FACT_KEYS, keyFacts, MACHINE_STATES, type MachineKey, type MachineState } from '../model/machine.ts';
import type {
  BootView,
  MachinePage,
  MachineQuery,
  MachineRow,
  RecordedMachine,
  TimelineEvent,
} from '../model/views.ts';
import { type EventRow, transferLine } from './event-table.ts';
import { type BootRecord, stateAt } from './life.ts';
import { type MachineRecord, type MachineTable, type SearchTexts, shownOf } from './machine-record.ts';
import type { Question } from '../model/plan.ts';
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
  }

  page(query: MachineQuery, now: number): MachinePage {
    const limit = Math.min(MOST, Math.max(1, Math.trunc(query.limit) || 1));
    const after = query.after === undefined ? undefined : parsePlace(query.after);
    const states = this.#countsAt(now);
    const wanted = this.#wanted(query, now, states);
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
    };
  }

  #wanted(query: MachineQuery, now: number, states: Counts): Wanted {
    const { text, state, profile } = query;
    const needle = text?.trim().toLowerCase().slice(0, LONGEST_TEXT) ?? '';
    const conditions = state === undefined ? [] : [...stateConditions(state, now)];
    if (profile !== undefined) conditions.push({ sql: 'shown_profile = ?', values: [profile] });
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
    return this.#select({ ...wanted, conditions, index: 'machine_never' }, 'sort_name, id', limit);
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
function indexFor({ state, profile }: MachineQuery, states: Counts): string {
  if (profile !== undefined) return 'machine_profile';
  if (state === 'failed') return states.failed <= FEW ? 'machine_awaited' : 'machine_recent';
  return state === undefined ? 'machine_recent' : 'machine_state';
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

const BOOTS = 20;
const EVENTS = 200;

interface StoredEvent extends EventRow {
  readonly id: number;
  readonly digest: Uint8Array | null;
}

/** What happened to one machine; undefined for one that is not in the table. */
export function openHistories(
  db: Database,
  machines: Pick<MachineTable, 'byKey'>,
): (key: MachineKey, now: number) => RecordedMachine | undefined {
  const boots = prepare<[number, number], BootRecord>(
    db,
    'SELECT * FROM boot WHERE machine = ? ORDER BY id DESC LIMIT ?',
  );
  // The newest: of a machine in a loop the last words tell more than the first.
  const events = prepare<[number, number], StoredEvent>(
    db,
    'SELECT * FROM event WHERE boot = ? ORDER BY id DESC LIMIT ?',
  );

  function bootView(boot: BootRecord, machine: MachineRecord): BootView {
    const { id, at, profile, version, ms, up_at: upAt } = boot;
    return {
      ...{ id, at },
      // It has asked and was told nothing yet.
      outcome: boot.outcome ?? (machine.state === 'unknown' ? 'unknown' : 'waiting'),
      ...present({ profile, version, ms, upAt }),
      events: events
        .all(id, EVENTS)
        .map(eventView)
        .sort((a, b) => a.at - b.at || a.id - b.id),
    };
  }

  return (key, now) => {
    const record = machines.byKey(key);
    if (record === undefined) return undefined;
    return {
      row: rowView(record, now),
      boots: boots.all(record.id, BOOTS).map((boot) => bootView(boot, record)),
      asked: askedIn(record),
    };
  };
}

function eventView(row: StoredEvent): TimelineEvent {
  const { id, at, kind, line, what, ms, bytes, status, ok, times, digest } = row;
  return {
    ...{ id, at, kind, text: line ?? transferLine(row), ok: ok === 1, times },
    ...present({ what, ms, bytes, status, digest: digest && Buffer.from(digest).toString('hex') }),
  };
}

/** The question that its last script answered; undefined in rows of older versions. */
function askedIn({ asked }: MachineRecord): Question | undefined {
  return asked === null ? undefined : (JSON.parse(asked) as Question);
}

const SHOWN_FACTS = FACT_KEYS.filter((fact) => fact !== 'asset' && fact !== 'arch' && fact !== 'platform');

/** A machine as people see it. The admin service adds who made its network card and what is on its way to it. */
function rowView(record: MachineRecord, now: number): MachineRow {
  const { profile, version, name } = shownOf(record);
  const seen = record.last_seen !== null;
  const view = {
    name,
    address: record.address ?? record.node_address,
    since: seen ? record.since : null,
    firstSeen: record.first_seen,
    lastSeen: record.last_seen,
    profile,
    version,
    because: record.because,
    ...Object.fromEntries(SHOWN_FACTS.map((fact) => [fact, record[fact]])),
    ...(seen ? {} : keyFacts(record.key)),
  };
  return {
    key: record.key,
    state: stateAt(record, now),
    boots: record.durations === '' ? [] : record.durations.split(',').map(Number),
    ...(present(view) as Partial<MachineRow>),
  };
}

/** Without what is null. */
function present(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));
}
