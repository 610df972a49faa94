import type { Snapshot } from '../../catalog/snapshot.ts';
import type { InstallMark } from '../../machines/mark.ts';
import {
  factsFrom,
  type InstallIdentity,
  keyFacts,
  MACHINE_STATES,
  type MachineKey,
  type MachineState,
  nodeFacts,
  parseMac,
} from '../../model/machine.ts';
import type { InstallationView, MachinePage, MachineQuery, MachineRow } from '../../model/views.ts';
import type { AdminDeps } from './deps.ts';
import { nodesOf } from './known-nodes.ts';

/** The row with what the journal does not know: who made the card, what is on its way. */
export async function shownRow(
  row: MachineRow,
  {
    vendorOf,
    deliveries,
    marks,
  }: Pick<AdminDeps, 'deliveries' | 'vendorOf'> & { readonly marks: Pick<AdminDeps['marks'], 'of'> },
): Promise<MachineRow> {
  const installation = installationOf(marks.of(identityOfRow(row)));
  const mac = parseMac(row.mac ?? '');
  const vendor = mac === undefined ? undefined : await vendorOf(mac);
  const under = new Set([row.key, row.mac, `uuid:${row.uuid ?? ''}`, `serial:${row.serial ?? ''}`]);
  const running = deliveries.running().filter(({ key }) => under.has(key));
  const download = running.toSorted((a, b) => b.size - a.size)[0];
  return {
    ...row,
    ...(vendor === undefined ? {} : { vendor }),
    ...(installation === undefined ? {} : { installation }),
    ...(download === undefined
      ? {}
      : { download: { file: download.file, received: download.received, size: download.size } }),
  };
}

/** Its mark is kept under what its profile knows it by: any of its names may be that. */
function identityOfRow(row: MachineRow): InstallIdentity {
  const { mac, uuid, serial } = factsFrom(row);
  const also = [mac, uuid && `uuid:${uuid}`, serial && `serial:${serial.toLowerCase()}`];
  return { key: row.key, also: also.filter((key) => key !== undefined), machine: nodeFacts({ mac, uuid, serial }) };
}

function installationOf(mark: InstallMark | undefined): InstallationView | undefined {
  if (mark?.broken !== undefined) return { state: 'damaged', text: mark.broken };
  if (mark?.state === 'erase-pending') return { state: 'erase-pending', text: 'will be erased at its next boot' };
  if (mark?.once !== undefined && mark.once.used === undefined) {
    return { state: 'boot-once', text: `boots ${mark.once.profile} once, at its next boot` };
  }
  if (mark?.state !== 'claimed' || mark.claim === undefined) return undefined;
  const { address, mac } = mark.claim;
  const who = mac === undefined ? address : `${address} (${mac})`;
  return { state: 'claimed', text: `its installer left for ${who} and has not begun` };
}

/**
 * The machines as far as the files tell, without a journal: those that a profile names, and how far their installations
 * are. By name.
 */
export function listFromFiles(
  snapshot: Pick<Snapshot, 'profiles'>,
  marks: readonly InstallMark[],
  query: MachineQuery,
): MachinePage {
  const rows = rowsFromFiles(snapshot, marks);
  const states = Object.fromEntries(MACHINE_STATES.map((state) => [state, 0])) as Record<MachineState, number>;
  for (const { state } of rows) states[state] += 1;
  const wanted = rows.filter((row) => fits(row, query));
  const start = query.after === undefined ? 0 : wanted.findIndex(({ key }) => key === query.after) + 1;
  const machines = wanted.slice(start, start + query.limit);
  const last = machines.at(-1);
  const more = last !== undefined && start + machines.length < wanted.length;
  return { machines, states, ...(more ? { next: last.key } : {}) };
}

export function rowFromFiles(
  snapshot: Pick<Snapshot, 'profiles'>,
  marks: readonly InstallMark[],
  key: MachineKey,
): MachineRow | undefined {
  return rowsFromFiles(snapshot, marks).find((row) => row.key === key);
}

function rowsFromFiles(snapshot: Pick<Snapshot, 'profiles'>, marks: readonly InstallMark[]): readonly MachineRow[] {
  const marked = new Map(marks.map((mark) => [mark.key, mark]));
  return nodesOf(snapshot)
    .map(({ key, name, profile, version, address }): MachineRow => {
      const mark = marked.get(key);
      return {
        key,
        ...keyFacts(key),
        name,
        state: markedState(mark),
        ...(mark === undefined || mark.state === 'seen' ? {} : { since: mark.since }),
        profile,
        ...(version === '' ? {} : { version }),
        ...(address === undefined ? {} : { address }),
        boots: [],
      };
    })
    .sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
}

function markedState(mark: InstallMark | undefined): MachineState {
  if (mark?.state === 'claimed') return 'installing';
  return mark?.state === 'installing' || mark?.state === 'installed' ? mark.state : 'assigned';
}

function fits(row: MachineRow, { state, profile, text }: MachineQuery): boolean {
  if (state !== undefined && row.state !== state) return false;
  if (profile !== undefined && row.profile !== profile) return false;
  const part = text?.toLowerCase();
  if (part === undefined) return true;
  const said = [row.key, row.name, row.serial, row.product, row.address];
  return said.some((word) => word?.toLowerCase().includes(part));
}
