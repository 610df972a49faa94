import { bytesText, durationText, plural } from '../../model/text.ts';
import type { Request, Response } from 'express';
import { floodWords } from '../../model/flood.ts';
import {
  MACHINE_STATES,
  type MachineColumn,
  type MachineSort,
  parseSort,
  sortParts,
  STATES_BY_NEED,
} from '../../model/machine-list.ts';
import { omitUndefined } from '../../model/machine.ts';
import type { Origin } from '../../model/plan.ts';
import type { Download, MachinePage, MachineRow, ProfileBoot, ProfileRow } from '../../model/views.ts';
import {
  type MachineFilters,
  machineHref,
  machinesHref,
  moment,
  optionalMoment,
  profileHref,
  slug,
  stateMark,
  statesText,
  stateTotal,
  svgNumber,
} from './format.ts';
import { queryText } from './form-fields.ts';
import type { Page, PageDeps, PageShow } from './page.ts';

export function mountMachinesPage(show: PageShow, { adminService, origin }: PageDeps): void {
  async function table(req: Request, res: Response): Promise<void> {
    const filters = queryOf((name) => queryText(req, name));
    const number = pageNumber(queryText(req, 'page'));
    const skip = (number - 1) * MACHINES_A_PAGE;
    const [page, profiles] = await Promise.all([
      adminService.machines({ ...filters, skip, limit: MACHINES_A_PAGE }),
      adminService.profiles(),
    ]);
    const newcomers =
      number === 1 && showsNewcomers(filters) && page.states.unknown > 0
        ? (await adminService.machines({ state: 'unknown', limit: NEWCOMERS_SHOWN })).machines
        : [];
    const input = { page, filters, number, newcomers, profiles, origin: origin(req), now: Date.now() };
    await show.page(req, res, machinesPage(input));
  }

  for (const path of ['/dashboard', '/dashboard/machines']) show.route('Machines', path, { get: table });
}

/** What is not a state is no filter: an old bookmark shows all machines. */
export function queryOf(text: (name: string) => string | undefined): MachineFilters {
  return omitUndefined({
    text: text('text'),
    state: MACHINE_STATES.find((one) => one === text('state')),
    profile: text('profile'),
    tag: text('tag'),
    sort: parseSort(text('sort')),
  });
}

function pageNumber(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1;
}

/** How many rows a page of the table has. */
export const MACHINES_A_PAGE = 50;
/** How many unknown machines stand above the table. */
const NEWCOMERS_SHOWN = 6;

export interface MachinesInput {
  readonly page: MachinePage;
  readonly filters: MachineFilters;
  /** Of the page, from 1. */
  readonly number?: number;
  /** Unknown machines, for the top of the first unfiltered page; else empty. */
  readonly newcomers: readonly MachineRow[];
  readonly profiles: readonly ProfileRow[];
  readonly origin: Origin;
  readonly now: number;
}

/** Whether unknown machines stand above the table: when nothing is filtered away or sorted. */
export function showsNewcomers(filters: MachineFilters): boolean {
  return Object.keys(omitUndefined(filters)).length === 0;
}

export function machinesPage({ page, filters, number = 1, newcomers, profiles, origin, now }: MachinesInput): Page {
  const { states, byProfile = [] } = page;
  const total = stateTotal(states);
  const shown = new Set(newcomers.map((row) => row.key));
  const rows = page.machines.filter((row) => !shown.has(row.key)).map((row) => machineLine(row, now));
  const { text, state, profile, tag, sort } = filters;
  const tags = page.tags ?? [];
  const fields = omitUndefined({ state, profile, tag, text, sort });
  return {
    view: 'machines',
    section: 'Machines',
    live: ['machines', 'profiles'],
    summary: statesText(states),
    data: {
      empty: total === 0 && byProfile.length === 0,
      machines: total > 0,
      noJournal: page.noJournal,
      leases: page.leases === undefined ? undefined : plural(page.leases, 'address', 'addresses'),
      flood: page.flood === undefined ? undefined : floodWords(page.flood),
      origin,
      noProfiles: profiles.length === 0,
      newcomers: newcomers.map((row) => machineLine(row, now)),
      newcomerCount: states.unknown,
      moreNewcomers: states.unknown > newcomers.length ? machinesHref({ state: 'unknown' }) : undefined,
      filters: stateFilters(states, filters),
      profiles: profiles.map(({ name }) => ({ name, selected: name === profile })),
      tags: [...tags, ...(tag === undefined || tags.includes(tag) ? [] : [tag])].map((name) => ({
        name,
        selected: name === tag,
      })),
      text: text ?? '',
      state,
      filtered: !showsNewcomers(omitUndefined({ text, state, profile, tag })),
      clear: machinesHref({}),
      columns: COLUMNS.map((column) => heading(column, filters)),
      sorts: sortChoices(sort),
      rows,
      none: page.machines.length === 0 && newcomers.length === 0,
      bulk: { total: page.total, fields: Object.entries(fields).map(([name, value]) => ({ name, value })) },
      ...pageLinks(page, filters, number),
      byProfile: byProfile.slice(0, MACHINES_A_PAGE).map((boot) => profileBootLine(boot, now)),
      byProfileCount: byProfile.length,
      byProfileShown: byProfile.length > MACHINES_A_PAGE ? MACHINES_A_PAGE : undefined,
    },
  };
}

function profileBootLine({ address, profile, boots, firstSeen, lastSeen, waits }: ProfileBoot, now: number): object {
  return {
    ...{ address, profile, boots, waits },
    href: profileHref(profile),
    first: moment(firstSeen, now),
    seen: moment(lastSeen, now),
  };
}

const COLUMNS = [
  { column: 'state', word: 'State' },
  { column: 'name', word: 'Machine' },
  { column: 'hardware', word: 'Hardware' },
  { column: 'address', word: 'Address' },
  { column: 'profile', word: 'Profile' },
  { column: 'boots', word: 'Boots' },
  { column: 'seen', word: 'Last seen' },
] as const satisfies readonly { readonly column: MachineColumn; readonly word: string }[];
const NEWEST_FIRST: MachineSort = '-seen';

/** The head of a column: a link that sorts by it, and the other way round where it does already. */
function heading({ column, word }: (typeof COLUMNS)[number], filters: MachineFilters): object {
  const { sort = NEWEST_FIRST } = filters;
  const now = sortParts(sort);
  const first: MachineSort = column === 'seen' || column === 'boots' ? `-${column}` : column;
  const turned: MachineSort = now.down ? column : `-${column}`;
  const next = now.column === column ? turned : first;
  return {
    word,
    href: machinesHref({ ...filters, sort: next === NEWEST_FIRST ? undefined : next }),
    sorted: now.column === column ? (now.down ? 'descending' : 'ascending') : undefined,
    down: now.down,
  };
}

/** The same where the table has no head: on a phone. */
function sortChoices(sort: MachineSort | undefined): readonly object[] {
  const all = COLUMNS.filter(({ column }) => column !== 'seen');
  return [
    { value: '', word: 'Last seen', selected: sort === undefined },
    ...all.flatMap(({ column, word }) =>
      ([column, `-${column}`] as const)
        .filter((one) => one === column || one === sort)
        .map((one) => ({ value: one, word: one === column ? word : `${word}, turned round`, selected: one === sort })),
    ),
  ];
}

/** `51-100 of 230`, and the pages beside this one. */
function pageLinks({ machines, total }: MachinePage, filters: MachineFilters, number: number): object {
  const last = Math.max(1, Math.ceil(total / MACHINES_A_PAGE));
  const from = (number - 1) * MACHINES_A_PAGE;
  return {
    range: machines.length === 0 ? undefined : rangeText(from + 1, from + machines.length, total),
    first: number > 2 ? machinesHref(filters) : undefined,
    previous: number > 1 ? machinesHref(filters, Math.min(number - 1, last)) : undefined,
    next: number < last ? machinesHref(filters, number + 1) : undefined,
  };
}

function rangeText(from: number, to: number, total: number): string {
  const [first, last, all] = [from, to, total].map((count) => count.toLocaleString('en-GB'));
  return `${first ?? ''}-${last ?? ''} of ${all ?? ''}`;
}

function stateFilters(states: MachinePage['states'], filters: MachineFilters): readonly object[] {
  const { state } = filters;
  const link = (only: MachineFilters['state']): string => machinesHref({ ...filters, state: only });
  return [
    { mark: undefined, word: 'All', count: stateTotal(states), href: link(undefined), current: state === undefined },
    ...STATES_BY_NEED.filter((one) => states[one] > 0 || one === state).map((one) => ({
      mark: stateMark(one),
      word: stateMark(one).word,
      count: states[one],
      href: link(one),
      current: one === state,
    })),
  ];
}

/** A machine as a row shows it. Everything that it said of itself is plain text: the template escapes it. */
export function machineLine(row: MachineRow, now: number) {
  const title = machineTitle(row);
  const identity = row.mac ?? row.uuid ?? row.serial;
  const maker = row.manufacturer ?? row.vendor;
  return {
    key: row.key,
    slug: slug(row.key),
    href: machineHref(row.key),
    mark: stateMark(row.state),
    installation: installationLine(row),
    title,
    identity: identity === title ? undefined : identity,
    maker,
    product: row.product,
    address: row.address,
    profile: row.profile === undefined ? undefined : { name: row.profile, href: profileHref(row.profile) },
    version: row.version === '' ? undefined : row.version,
    download: row.download === undefined ? undefined : downloadLine(row.download),
    spark: sparkline(row.boots),
    seen: optionalMoment(row.lastSeen, now),
    first: optionalMoment(row.firstSeen, now),
    serial: row.serial,
    unknown: row.state === 'unknown',
    tags: (row.tags ?? []).map((tag) => ({ name: tag, href: machinesHref({ tag }) })),
  };
}

/** What its installation waits for. */
function installationLine({ installation }: MachineRow) {
  if (installation === undefined) return undefined;
  const { state, text } = installation;
  return { text, erase: state === 'erase-pending', claimed: state === 'claimed', once: state === 'boot-once' };
}

/** What people call it: its name in the profile, else what it calls itself, else by what it is known. */
export function machineTitle(row: Pick<MachineRow, 'name' | 'hostname' | 'mac' | 'key'>): string {
  return row.name ?? row.hostname ?? row.mac ?? row.key;
}

function downloadLine({ file, received, size }: Download) {
  const whole = Math.max(size, received, 1);
  return {
    file: file.split('/').at(-1) ?? file,
    received: Math.min(received, whole),
    size: whole,
    percent: `${Math.floor((received / whole) * 100)} %`,
    text: `${bytesText(received)} of ${bytesText(whole)}`,
  };
}

const WIDTH = 80;
const HEIGHT = 20;
const SLOTS = 20;
const SLOT = WIDTH / SLOTS;

/** Boot durations as bars, the last one at the right edge, as SVG units of an 80 x 20 box. Undefined for a machine that never finished a boot. */
export function sparkline(boots: readonly number[]) {
  const shown = boots.slice(-SLOTS);
  const last = shown.at(-1);
  if (last === undefined) return undefined;
  const longest = Math.max(...shown, 1);
  const shortest = Math.min(...shown);
  const from = WIDTH - shown.length * SLOT;
  return {
    ...{ from, width: WIDTH - from },
    bars: shown.map((ms, i) => {
      const height = Math.max(2, (ms / longest) * HEIGHT);
      return {
        x: svgNumber(from + i * SLOT),
        y: svgNumber(HEIGHT - height),
        height: svgNumber(height),
        last: i === shown.length - 1,
      };
    }),
    title: `Last boot ${durationText(last)}`,
    description:
      shown.length === 1
        ? 'its only boot so far'
        : `${plural(shown.length, 'boot')} between ${durationText(shortest)} and ${durationText(longest)}`,
    last: durationText(last),
  };
}
