import { FACTS, shownOf, type MachineRecord } from './machine-record.ts';
import type { MachineRow } from '../model/views.ts';
import { stateAt } from './life.ts';

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
