import { bytesText, durationText, plural } from '../../model/text.ts';
import type { Request, Response } from 'express';
import { floodWords } from '../../model/flood.ts';
import { MACHINE_STATES, type MachineState, STATES_BY_NEED } from '../../model/machine.ts';
import type { Origin } from '../../model/plan.ts';
import type { Download, MachinePage, MachineQuery, MachineRow, ProfileRow } from '../../model/views.ts';
import {
  type MachineFilters,
  machineHref,
  machinesHref,
  type Moment,
  optionalMoment,
  profileHref,
  slug,
  stateMark,
  type StateMark,
  statesText,
  stateTotal,
  svgNumber,
} from './format.ts';
import { queryText } from './form-fields.ts';
import type { Page, PageDeps, PageShow } from './page.ts';

export function mountMachinesPage(show: PageShow, { adminService, origin }: PageDeps): void {
  async function table(req: Request, res: Response): Promise<void> {
    const query = queryOf(req);
    const [page, profiles] = await Promise.all([
      adminService.machines({ ...query, limit: MACHINES_A_PAGE }),
      adminService.profiles(),
    ]);
    const newcomers =
      showsNewcomers(query) && page.states.unknown > 0
        ? (await adminService.machines({ state: 'unknown', limit: NEWCOMERS_SHOWN })).machines
        : [];
    await show.page(req, res, machinesPage({ page, query, newcomers, profiles, origin: origin(req), now: Date.now() }));
  }

  for (const path of ['/dashboard', '/dashboard/machines']) show.route('Machines', path, { get: table });
}

/** What is not a state is no filter: an old bookmark shows all machines. */
function queryOf(req: Request): Omit<MachineQuery, 'limit'> {
  const [text, state, profile, after] = ['text', 'state', 'profile', 'after'].map((name) => queryText(req, name));
  return { text, state: MACHINE_STATES.find((one) => one === state), profile, after };
}

/** How many rows a page of the table has. */
export const MACHINES_A_PAGE = 50;
/** How many unknown machines stand above the table. */
const NEWCOMERS_SHOWN = 6;

export interface MachinesInput {
  readonly page: MachinePage;
  readonly query: MachineFilters;
  /** Unknown machines, for the top of the first unfiltered page; else empty. */
  readonly newcomers: readonly MachineRow[];
  readonly profiles: readonly ProfileRow[];
  readonly origin: Origin;
  readonly now: number;
}

/** Whether unknown machines stand above the table: on the first page, when nothing is filtered away. */
export function showsNewcomers({ text, state, profile, after }: MachineFilters): boolean {
  return [text, state, profile, after].every((part) => part === undefined);
}

export function machinesPage({ page, query, newcomers, profiles, origin, now }: MachinesInput): Page {
  const { states } = page;
  const total = stateTotal(states);
  const shown = new Set(newcomers.map((row) => row.key));
  const rows = page.machines.filter((row) => !shown.has(row.key)).map((row) => machineLine(row, now));
  const { text, state, profile } = query;
  return {
    view: 'machines',
    section: 'Machines',
    live: ['machines', 'profiles'],
    summary: statesText(states),
    data: {
      empty: total === 0,
      noJournal: page.noJournal,
      flood: page.flood === undefined ? undefined : floodWords(page.flood),
      origin,
      noProfiles: profiles.length === 0,
      newcomers: newcomers.map((row) => machineLine(row, now)),
      newcomerCount: states.unknown,
      moreNewcomers: states.unknown > newcomers.length ? machinesHref({ state: 'unknown' }) : undefined,
      filters: filters(states, query),
      profiles: profiles.map(({ name }) => ({ name, selected: name === profile })),
      text: text ?? '',
      state,
      filtered: !showsNewcomers({ text, state, profile }),
      clear: machinesHref({}),
      rows,
      none: rows.length === 0 && newcomers.length === 0,
      first: query.after === undefined ? undefined : machinesHref({ text, state, profile }),
      next: page.next === undefined ? undefined : machinesHref({ text, state, profile, after: page.next }),
    },
  };
}

function filters(states: MachinePage['states'], { text, state, profile }: MachineFilters): readonly object[] {
  const link = (only: MachineState | undefined): string => machinesHref({ text, profile, state: only });
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
export interface MachineLine {
  readonly key: string;
  readonly slug: string;
  readonly href: string;
  readonly mark: StateMark;
  /** What its installation waits for. */
  readonly installation:
    { readonly text: string; readonly erase: boolean; readonly claimed: boolean; readonly once: boolean } | undefined;
  readonly title: string;
  /** By what it is known, unless that is the title already. */
  readonly identity: string | undefined;
  readonly maker: string | undefined;
  readonly product: string | undefined;
  readonly address: string | undefined;
  readonly profile: { readonly name: string; readonly href: string } | undefined;
  readonly version: string | undefined;
  readonly download: DownloadLine | undefined;
  readonly spark: Sparkline | undefined;
  readonly seen: Moment | undefined;
  readonly first: Moment | undefined;
  readonly serial: string | undefined;
  readonly unknown: boolean;
}

interface DownloadLine {
  readonly file: string;
  readonly received: number;
  readonly size: number;
  /** `62 %`. */
  readonly percent: string;
  /** `212 of 341 MiB`. */
  readonly text: string;
}

export function machineLine(row: MachineRow, now: number): MachineLine {
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
  };
}

function installationLine({ installation }: MachineRow): MachineLine['installation'] {
  if (installation === undefined) return undefined;
  const { state, text } = installation;
  return { text, erase: state === 'erase-pending', claimed: state === 'claimed', once: state === 'boot-once' };
}

/** What people call it: its name in the profile, else what it calls itself, else by what it is known. */
export function machineTitle(row: Pick<MachineRow, 'name' | 'hostname' | 'mac' | 'key'>): string {
  return row.name ?? row.hostname ?? row.mac ?? row.key;
}

function downloadLine({ file, received, size }: Download): DownloadLine {
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

/** Boot durations as bars, the last one at the right edge. Numbers are SVG units of an 80 x 20 box. */
interface Sparkline {
  readonly bars: readonly {
    readonly x: string;
    readonly y: string;
    readonly height: string;
    readonly last: boolean;
  }[];
  /** `Last boot 41 s`. */
  readonly title: string;
  /** `12 boots between 35 s and 1 min 02 s`. */
  readonly description: string;
  /** `41 s`. */
  readonly last: string;
}

/** Undefined for a machine that never finished a boot. */
export function sparkline(boots: readonly number[]): Sparkline | undefined {
  const shown = boots.slice(-SLOTS);
  const last = shown.at(-1);
  if (last === undefined) return undefined;
  const longest = Math.max(...shown, 1);
  const shortest = Math.min(...shown);
  const from = WIDTH - shown.length * SLOT;
  return {
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
