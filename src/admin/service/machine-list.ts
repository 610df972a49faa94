import type { Snapshot } from '../../catalog/snapshot.ts';
import type { Lease } from '../../dhcp/lease-book.ts';
import type { InstallMark } from '../../machines/mark.ts';
import { canonicalAddress } from '../../model/ipv6.ts';
import {
  MACHINE_STATES,
  type MachineColumn,
  type MachineSort,
  type MachineState,
  naturalKey,
  sortParts,
  STATES_BY_NEED,
} from '../../model/machine-list.ts';
import type { LeaseState, LeasesView, LeaseView } from '../../model/machine-views.ts';
import {
  factsFrom,
  type InstallIdentity,
  keyFacts,
  type MachineKey,
  nodeFacts,
  omitUndefined,
  parseMac,
} from '../../model/machine.ts';
import type { InstallationView, MachinePage, MachineQuery, MachineRow } from '../../model/views.ts';
import { installStateOf } from './adopt.ts';
import type { AdminDeps } from './deps.ts';
import { nodesOf } from './known-nodes.ts';
import { powerOf } from './power.ts';

type RowDeps = Pick<AdminDeps, 'catalog' | 'deliveries' | 'power' | 'vendorOf'> & {
  readonly marks: Pick<AdminDeps['marks'], 'of'>;
};

/** The row with what the journal does not know: who made the card, what is on its way, how it is switched on and off. */
export async function shownRow(row: MachineRow, deps: RowDeps): Promise<MachineRow> {
  const { vendorOf, deliveries, marks } = deps;
  const power = powerOfRow(row, deps);
  const installation = installationOf(marks.of(identityOfRow(row)));
  const mac = parseMac(row.mac ?? '');
  const vendor = mac === undefined ? undefined : await vendorOf(mac);
  const under = new Set([row.key, row.mac, `uuid:${row.uuid ?? ''}`, `serial:${row.serial ?? ''}`]);
  const running = deliveries.running().filter(({ key }) => under.has(key));
  const download = running.toSorted((a, b) => b.size - a.size)[0];
  return {
    ...row,
    ...(vendor === undefined ? {} : { vendor }),
    ...(power === undefined ? {} : { power }),
    ...(installation === undefined ? {} : { installation }),
    ...(download === undefined
      ? {}
      : { download: { file: download.file, received: download.received, size: download.size } }),
  };
}

function powerOfRow(row: MachineRow, deps: Pick<RowDeps, 'catalog' | 'power'>): MachineRow['power'] {
  if (row.state === 'unknown') return undefined;
  const facts = { ...factsFrom(row), ...keyFacts(row.key) };
  const snapshot = deps.catalog.current();
  // A node of a file that cannot be read now has no switch until it can.
  return snapshot.held(facts) === undefined ? powerOf(deps, installStateOf(facts, snapshot)) : undefined;
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
    const { profile, disk } = mark.once;
    if (disk === undefined) return { state: 'boot-once', text: `boots ${profile} once, at its next boot` };
    return {
      state: 'boot-once',
      text: `${disk} will be erased and ${profile} installed, at its next boot`,
      erases: disk,
    };
  }
  if (mark?.state !== 'claimed' || mark.claim === undefined) return undefined;
  const { address, mac } = mark.claim;
  const who = mac === undefined ? address : `${address} (${mac})`;
  return { state: 'claimed', text: `its installer left for ${who} and has not begun` };
}

const TAGS = new WeakMap<object, readonly string[]>();

/** Every tag that a node has, in their order: to choose from. */
export function tagsOf(snapshot: Pick<Snapshot, 'profiles'>): readonly string[] {
  const known = TAGS.get(snapshot);
  if (known !== undefined) return known;
  const all = [...snapshot.profiles.values()].flatMap(({ nodes }) => nodes.flatMap(({ tags }) => tags ?? []));
  const tags = [...new Set(all)].sort();
  TAGS.set(snapshot, tags);
  return tags;
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
  return {
    ...machinePart(
      rows.filter((row) => fits(row, query)),
      query,
    ),
    states,
  };
}

/** The page of a list that is asked for. */
export function machinePart(
  fitting: readonly MachineRow[],
  { after, limit, skip, sort }: MachineQuery,
): Pick<MachinePage, 'machines' | 'next' | 'total'> {
  const total = fitting.length;
  const begin = skip ?? 0;
  if (sort !== undefined || begin > 0) {
    const sorted = sort === undefined ? fitting : fitting.toSorted(machineOrder(sort));
    return { machines: sorted.slice(begin, begin + limit), total };
  }
  const start = after === undefined ? 0 : fitting.findIndex(({ key }) => key === after) + 1;
  const machines = fitting.slice(start, start + limit);
  const last = machines.at(-1);
  const more = last !== undefined && start + machines.length < total;
  return { machines, total, ...(more ? { next: last.key } : {}) };
}

/** By a column, as the journal does it: those of which it is not known come last, either way. */
function machineOrder(sort: MachineSort): (a: MachineRow, b: MachineRow) => number {
  const { column, down } = sortParts(sort);
  const value = SORTED_BY[column];
  return (a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === undefined || right === undefined) {
      const known = Number(left === undefined) - Number(right === undefined);
      return known === 0 ? order(SORTED_BY.name(a), SORTED_BY.name(b)) : known;
    }
    return (down ? -1 : 1) * order(left, right) || order(SORTED_BY.name(a), SORTED_BY.name(b));
  };
}

type SortValue = number | string | undefined;
const natural = (text: string | undefined): SortValue => (text === undefined ? undefined : naturalKey(text));
const SORTED_BY: Readonly<Record<MachineColumn, (row: MachineRow) => SortValue>> = {
  state: ({ state }) => STATES_BY_NEED.indexOf(state),
  name: ({ name, key }) => naturalKey(name ?? key),
  hardware: ({ product, manufacturer }) => natural(product ?? manufacturer),
  address: ({ address }) => natural(address),
  profile: ({ profile }) => natural(profile),
  boots: ({ boots }) => boots.at(-1),
  seen: ({ lastSeen }) => lastSeen,
};

function order(a: SortValue, b: SortValue): number {
  if (a === b || a === undefined || b === undefined) return 0;
  return a < b ? -1 : 1;
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
    .map(({ key, name, profile, version, address, tags }): MachineRow => {
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
        ...(tags === undefined ? {} : { tags }),
        boots: [],
      };
    })
    .sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
}

function markedState(mark: InstallMark | undefined): MachineState {
  if (mark?.state === 'claimed') return 'installing';
  return mark?.state === 'installing' || mark?.state === 'installed' ? mark.state : 'assigned';
}

function fits(row: MachineRow, { state, profile, tag, text }: MachineQuery): boolean {
  if (state !== undefined && row.state !== state) return false;
  if (profile !== undefined && row.profile !== profile) return false;
  if (tag !== undefined && row.tags?.includes(tag) !== true) return false;
  const part = text?.toLowerCase();
  if (part === undefined) return true;
  const said = [row.key, row.name, row.serial, row.product, row.address, ...(row.tags ?? [])];
  return said.some((word) => word?.toLowerCase().includes(part));
}

const OFF =
  'this server hands out no addresses; PILOTLIGHT_DHCP=server makes it the only DHCP server of its network (docs/dhcp.md)';

/** The addresses that DHCP gave out, and which machines have them. */
export async function leasesView(
  deps: Pick<AdminDeps, 'catalog' | 'leases' | 'now' | 'settings'>,
): Promise<LeasesView> {
  const { catalog, leases, now, settings } = deps;
  const snapshot = catalog.current();
  const view = (lease: Lease): LeaseView => {
    const match = snapshot.match({ mac: lease.mac });
    const { address, mac, at, until, name } = lease;
    const known = match?.node === undefined ? {} : { node: match.node.name, profile: match.profile.name };
    return omitUndefined({ address, mac, state: stateOf(lease, now()), at, until, name, ...known });
  };
  const sorted = [...(await leases())].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  return { leases: sorted.map(view), ...(settings.dhcp?.server === undefined && { off: OFF }) };
}

/** IPv4 first, each in the order of its numbers. */
function sortKey({ address }: Lease): string {
  const groups = (canonicalAddress(address) ?? address).split(/[.:]/);
  return `${groups.length} ${groups.map((group) => group.padStart(4, '0')).join('.')}`;
}

/** How many are in use, where this server hands out any. */
export async function leasesInUse({ leases, now, settings }: Pick<AdminDeps, 'leases' | 'now' | 'settings'>) {
  if (settings.dhcp?.server === undefined) return {};
  return { leases: (await leases()).filter((lease) => stateOf(lease, now()) === 'in use').length };
}

function stateOf({ state, until }: Lease, now: number): LeaseState {
  if (state === 'released') return 'released';
  if (until <= now) return 'ended';
  return state === 'bound' ? 'in use' : 'resting';
}
