import type Database from 'better-sqlite3';
import type { MachineKey } from '../model/machine.ts';
import type { BootView, MachineHistory, TimelineEvent } from '../model/views.ts';
import type { BootRecord } from './boot-table.ts';
import { transferLine, type EventRow } from './event-words.ts';
import type { MachineRecord, MachineTable } from './machine-record.ts';
import { present, rowView } from './row-view.ts';

const BOOTS = 20;
const EVENTS = 200;

interface StoredEvent extends EventRow {
  readonly id: number;
  readonly digest: Buffer | null;
}

/** What happened to one machine. */
export class MachineHistories {
  readonly #machines: MachineTable;
  readonly #boots: Database.Statement<[number, number], BootRecord>;
  readonly #events: Database.Statement<[number, number], StoredEvent>;

  constructor(db: Database.Database, machines: MachineTable) {
    this.#machines = machines;
    this.#boots = db.prepare('SELECT * FROM boot WHERE machine = ? ORDER BY id DESC LIMIT ?');
    // The newest: of a machine in a loop the last words tell more than the first.
    this.#events = db.prepare('SELECT * FROM event WHERE boot = ? ORDER BY id DESC LIMIT ?');
  }

  of(key: MachineKey, now: number): MachineHistory | undefined {
    const record = this.#machines.byKey(key);
    if (record === undefined) return undefined;
    const boots = this.#boots.all(record.id, BOOTS);
    return { row: rowView(record, now), boots: boots.map((boot) => this.#boot(boot, record)) };
  }

  #boot(boot: BootRecord, machine: MachineRecord): BootView {
    const { id, at, profile, version, ms, up_at: upAt } = boot;
    const events = this.#events.all(id, EVENTS).map(eventView);
    return {
      id,
      at,
      // It has asked and was told nothing yet.
      outcome: boot.outcome ?? (machine.state === 'unknown' ? 'unknown' : 'waiting'),
      ...present({ profile, version, ms, upAt }),
      events: events.sort((a, b) => a.at - b.at || a.id - b.id),
    };
  }
}

function eventView(row: StoredEvent): TimelineEvent {
  const { id, at, kind, line, what, ms, bytes, status, ok, times, digest } = row;
  return {
    id,
    at,
    kind,
    text: line ?? transferLine(row),
    ok: ok === 1,
    times,
    ...present({ what, ms, bytes, status, digest: digest?.toString('hex') }),
  };
}
