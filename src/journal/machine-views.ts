import { FACT_KEYS, keyFacts, type MachineKey } from '../model/machine.ts';
import type { Question } from '../model/plan.ts';
import type { BootView, MachineRow, RecordedMachine, TimelineEvent } from '../model/views.ts';
import { type EventRow, transferLine } from './event-table.ts';
import { type BootRecord, stateAt } from './life.ts';
import { openLogSummary } from './log-table.ts';
import { type MachineRecord, type MachineTable, shownOf, tagsOf } from './machine-record.ts';
import { type Database, prepare } from './sqlite.ts';

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

  const logged = openLogSummary(db);

  function bootView(boot: BootRecord, machine: MachineRecord): BootView {
    const { id, at, profile, version, ms, up_at: upAt } = boot;
    return {
      ...{ id, at },
      // It has asked and was told nothing yet.
      outcome: boot.outcome ?? (machine.state === 'unknown' ? 'unknown' : 'waiting'),
      ...present({ profile, version, ms, upAt }),
      events: [...events.all(id, EVENTS).map(eventView), ...(boot.id === machine.boot ? logLine(boot) : [])].sort(
        (a, b) => a.at - b.at || a.id - b.id,
      ),
    };
  }

  function logLine({ machine, at }: BootRecord): readonly TimelineEvent[] {
    const line = logged(machine, at);
    return line === undefined ? [] : [line];
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
    ...(record.node_tags !== null && { tags: tagsOf(record) }),
    boots: record.durations === '' ? [] : record.durations.split(',').map(Number),
    ...(present(view) as Partial<MachineRow>),
  };
}

/** Without what is null. */
function present(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));
}
