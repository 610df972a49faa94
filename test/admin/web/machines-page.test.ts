import { describe, expect, it } from 'vitest';
import {
  MACHINES_A_PAGE,
  machinesPage,
  showsNewcomers,
  type MachinesInput,
} from '../../../src/admin/web/machines-page.ts';
import type { MachineLine } from '../../../src/admin/web/machine-line.ts';
import { sampleOffice } from '../../support/fake-office.ts';
import { originOf } from '../../support/house.ts';

const NOW = 1_800_000_000_000;
const office = sampleOffice(NOW);
const profiles = await office.profiles();
const all = await office.machines({ limit: MACHINES_A_PAGE });
const newcomers = (await office.machines({ state: 'unknown', limit: 6 })).machines;

interface Data {
  readonly empty: boolean;
  readonly none: boolean;
  readonly rows: readonly MachineLine[];
  readonly newcomers: readonly MachineLine[];
  readonly flood?: { readonly what: string; readonly remedy: string };
  readonly moreNewcomers: string | undefined;
  readonly filters: readonly {
    readonly word: string;
    readonly count: number;
    readonly href: string;
    readonly current: boolean;
  }[];
  readonly next: string | undefined;
  readonly first: string | undefined;
  readonly filtered: boolean;
}
function data(input: Partial<MachinesInput> = {}): Data {
  const page = machinesPage({ page: all, query: {}, newcomers: [], profiles, origin: originOf(), now: NOW, ...input });
  return page.data as unknown as Data;
}

describe('the table of machines', () => {
  it('does not show a newcomer twice', () => {
    const shown = data({ newcomers });
    expect(shown.newcomers.map(({ key }) => key)).toEqual(newcomers.map(({ key }) => key));
    expect(shown.rows).toHaveLength(27);
    expect(shown.rows.some(({ unknown }) => unknown)).toBe(false);
    expect(shown.moreNewcomers).toBeUndefined();
  });

  it('points to the newcomers that it does not show', () => {
    expect(data({ newcomers: newcomers.slice(0, 1) }).moreNewcomers).toBe('/dashboard/machines?state=unknown');
  });

  it('counts each state that there is, and keeps the other filters', () => {
    const { filters, filtered } = data({ query: { text: 'dell', profile: 'workers', state: 'up' } });
    expect(filters.map(({ word, count }) => `${word} ${String(count)}`)).toEqual([
      'All 30',
      'Failed 2',
      'Unknown 3',
      'Booting 2',
      'Installing 1',
      'Up 17',
      'Installed 3',
      'Assigned 2',
    ]);
    expect(filters[1]?.href).toBe('/dashboard/machines?state=failed&profile=workers&text=dell');
    expect(filters[0]?.href).toBe('/dashboard/machines?profile=workers&text=dell');
    expect(filters.filter(({ current }) => current).map(({ word }) => word)).toEqual(['Up']);
    expect(filtered).toBe(true);
  });

  it('shows a filter that finds nothing, so that one can leave it', () => {
    const page = { ...all, machines: [], states: { ...all.states, failed: 0 } };
    const shown = data({ page, query: { state: 'failed' } });
    expect(shown.filters.map(({ word }) => word)).toContain('Failed');
    expect([shown.none, shown.empty]).toEqual([true, false]);
  });

  it('says that there is a flood of invented machines, and what to do', () => {
    expect(data({ page: { ...all, flood: { newcomers: 9000, removed: 700, from: '10.0.0.9' } } }).flood).toEqual({
      what:
        '9000 machines that were never seen before asked in the last ten minutes, most of them from 10.0.0.9, ' +
        'and 700 unknown machines were forgotten to make room',
      remedy: expect.stringContaining('look at 10.0.0.9') as string,
    });
    expect(data({}).flood).toBeUndefined();
  });

  it('leads on and back', () => {
    const shown = data({ page: { ...all, next: 'k' }, query: { state: 'up', after: 'j' } });
    expect(shown.next).toBe('/dashboard/machines?state=up&after=k');
    expect(shown.first).toBe('/dashboard/machines?state=up');
    expect([data().next, data().first]).toEqual([undefined, undefined]);
  });

  it('says what to do first while there is none', async () => {
    const none = sampleOffice(NOW, true);
    expect(data({ page: await none.machines({ limit: 50 }) }).empty).toBe(true);
  });
});

it.each([
  [{}, true],
  [{ text: 'x' }, false],
  [{ state: 'up' as const }, false],
  [{ profile: 'x' }, false],
  [{ after: 'x' }, false],
])('newcomers stand above %j: %s', (query, shown) => {
  expect(showsNewcomers(query)).toBe(shown);
});
