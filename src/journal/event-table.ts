import type Database from 'better-sqlite3';
import type { MachineRow } from '../model/views.ts';
import { type BootRecord, stateAt } from './life.ts';
import { type EventRow, sameness } from './event-words.ts';
import { FACTS, type MachineRecord, shownOf } from './machine-record.ts';

const SHOWN_FACTS = FACTS.filter((fact) => fact !== 'asset' && fact !== 'arch' && fact !== 'platform');

/** A machine as people see it. Who made its network card and what is on its way to it others add. */
export function rowView(record: MachineRecord, now: number): MachineRow {
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

/** What a profile knows a machine by that was never seen. */
function keyFacts(key: string): Partial<MachineRow> {
  if (key.startsWith('uuid:')) return { uuid: key.slice('uuid:'.length) };
  if (key.startsWith('serial:')) return { serial: key.slice('serial:'.length) };
  return { mac: key };
}

/** Without what is null: an absent key says "nobody knows". */
export function present(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));
}

/** The same again within this time is one row; a waiting machine asks every few seconds, for days. */
const AGAIN_MS = 60_000;
/** So that a row cannot stay young for ever. */
const LONGEST_MS = 3_600_000;
/** Nobody reads more; a machine in a loop must not fill the disk. */
const MOST_IN_BOOT = 2000;
const REMEMBERED = 50_000;

interface Last {
  readonly id: number;
  readonly boot: number;
  readonly same: string;
  readonly began: number;
  readonly row: EventRow;
}

/** The rows of `event`, where the same thing over and over is one row. */
export class EventTable {
  readonly #insert: Database.Statement;
  readonly #again: Database.Statement;
  /** By machine. */
  readonly #last = new Map<number, Last>();

  constructor(db: Database.Database) {
    this.#insert = db.prepare(
      `INSERT INTO event (boot, at, kind, line, what, ms, bytes, status, ok, times, digest)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#again = db.prepare('UPDATE event SET at = ?, ms = ?, bytes = ?, times = ? WHERE id = ?');
  }

  /** How many rows it made: none when it was the same again, or when the boot has too many. */
  add(boot: BootRecord, row: EventRow, began: number, digest: Buffer | null): 0 | 1 {
    const same = `${sameness(row)}\n${digest?.toString('hex') ?? ''}`;
    const last = this.#last.get(boot.machine);
    if (last?.boot === boot.id && last.same === same && isAgain(last, row)) {
      this.#remember(boot.machine, { ...last, row: this.#repeat(last, row) });
      return 0;
    }
    if (boot.events >= MOST_IN_BOOT) return 0;
    const { at, kind, line, what, ms, bytes, status, ok, times } = row;
    const { lastInsertRowid } = this.#insert.run(boot.id, at, kind, line, what, ms, bytes, status, ok, times, digest);
    this.#remember(boot.machine, { id: Number(lastInsertRowid), boot: boot.id, same, began, row });
    return 1;
  }

  /** What is remembered may be wrong: a transaction was rolled back, or rows were removed. */
  forget(): void {
    this.#last.clear();
  }

  #repeat(last: Last, row: EventRow): EventRow {
    const transfer = row.kind === 'file' || row.kind === 'tftp';
    const at = Math.max(last.row.at, row.at);
    const all: EventRow = {
      ...last.row,
      at,
      times: last.row.times + row.times,
      // Parts of one file, fetched one after the other or side by side: all together took from the first to the last.
      ms: transfer ? Math.max(0, Math.round(at - last.began)) : last.row.ms,
      bytes: transfer ? (last.row.bytes ?? 0) + (row.bytes ?? 0) : last.row.bytes,
    };
    this.#again.run(all.at, all.ms, all.bytes, all.times, last.id);
    return all;
  }

  #remember(machine: number, last: Last): void {
    if (this.#last.size >= REMEMBERED) this.#last.clear();
    this.#last.set(machine, last);
  }
}

function isAgain(last: Last, row: EventRow): boolean {
  return row.at - last.row.at <= AGAIN_MS && row.at - last.began <= LONGEST_MS;
}
