import { floodWords } from '../../model/flood.ts';
import type { MachineState } from '../../model/machine.ts';
import type { ProfileRow } from '../../model/office-views.ts';
import type { Origin } from '../../model/origin.ts';
import type { MachinePage, MachineRow } from '../../model/views.ts';
import { machinesHref, type MachineFilters } from './links.ts';
import { machineLine } from './machine-line.ts';
import type { Page } from './page.ts';
import { STATES_BY_NEED, stateMark, stateTotal, statesText } from './state-mark.ts';

/** How many rows a page of the table has. */
export const MACHINES_A_PAGE = 50;
/** How many unknown machines stand above the table. */
export const NEWCOMERS_SHOWN = 6;

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
