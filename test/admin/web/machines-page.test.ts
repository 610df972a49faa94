import { describe, expect, it, test } from 'vitest';
import {
  machineLine,
  MACHINES_A_PAGE,
  type MachinesInput,
  machinesPage,
  machineTitle,
  showsNewcomers,
  sparkline,
} from '../../../src/admin/web/machines-page.ts';
import { MACHINE_STATES } from '../../../src/model/machine-list.ts';
import type { MachineRow } from '../../../src/model/views.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { originOf } from '../../support/app-context.ts';

test('no boots, no picture', () => {
  expect(sparkline([])).toBeUndefined();
});

test('the last boot stands at the right edge, the longest is as high as the box', () => {
  const spark = sparkline([40_000, 20_000]);
  expect(spark?.bars).toEqual([
    { x: '72', y: '0', height: '20', last: false },
    { x: '76', y: '10', height: '10', last: true },
  ]);
  expect(spark).toMatchObject({
    from: 72,
    width: 8,
    title: 'Last boot 20 s',
    description: '2 boots between 20 s and 40 s',
    last: '20 s',
  });
});

test('one boot is not called a range', () => {
  expect(sparkline([41_000])?.description).toBe('its only boot so far');
});

test('more than twenty boots: the newest twenty, from the left edge', () => {
  const spark = sparkline(Array.from({ length: 30 }, (_, i) => (i < 10 ? 900_000 : 1000)));
  expect(spark?.bars).toHaveLength(20);
  expect(spark?.bars[0]).toMatchObject({ x: '0', height: '20' });
});

test('a boot that took no time is still seen', () => {
  expect(sparkline([0, 0])?.bars.map(({ height }) => height)).toEqual(['2', '2']);
});

const ROW: MachineRow = { key: '52:54:00:55:1c:ee', mac: '52:54:00:55:1c:ee', state: 'up', boots: [] };

test.each([
  [{ ...ROW, name: 'w1', hostname: 'h' }, 'w1'],
  [{ ...ROW, hostname: 'h' }, 'h'],
  [ROW, ROW.mac],
  [{ key: 'serial:A1', state: 'up', boots: [] }, 'serial:A1'],
])('is called by what people know it by', (row, title) => {
  expect(machineTitle(row)).toBe(title);
});

describe('a row', () => {
  it('does not say the same twice', () => {
    expect(machineLine(ROW, 0).identity).toBeUndefined();
    expect(machineLine({ ...ROW, name: 'w1' }, 0).identity).toBe(ROW.mac);
    expect(machineLine({ key: 'uuid:x', uuid: 'x', state: 'up', boots: [] }, 0).identity).toBe('x');
  });

  it('prefers what the machine says over who made its card', () => {
    expect(machineLine({ ...ROW, manufacturer: 'HPE', vendor: 'Intel' }, 0).maker).toBe('HPE');
    expect(machineLine({ ...ROW, vendor: 'Intel' }, 0).maker).toBe('Intel');
  });

  it('leaves an empty version out', () => {
    expect(machineLine({ ...ROW, profile: 'a b', version: '' }, 0)).toMatchObject({
      version: undefined,
      profile: { name: 'a b', href: '/dashboard/profiles/a%20b' },
    });
  });

  it('tells what is on its way', () => {
    const line = machineLine({ ...ROW, download: { file: 'a/b/initrd.gz', received: 512, size: 2048 } }, 0);
    expect(line.download).toEqual({
      file: 'initrd.gz',
      received: 512,
      size: 2048,
      percent: '25 %',
      text: '512 B of 2 KiB',
    });
  });

  it('never tells more than all of it', () => {
    expect(machineLine({ ...ROW, download: { file: 'x', received: 9, size: 0 } }, 0).download).toMatchObject({
      percent: '100 %',
      size: 9,
    });
  });

  it('knows when it was never seen', () => {
    expect(machineLine(ROW, 0).seen).toBeUndefined();
    expect(machineLine({ ...ROW, lastSeen: 0 }, 60_000).seen?.relative).toBe('1 min ago');
  });
});

const NOW = 1_800_000_000_000;
const adminService = sampleAdminService(NOW);
const profiles = await adminService.profiles();
const all = await adminService.machines({ limit: MACHINES_A_PAGE });
const newcomers = (await adminService.machines({ state: 'unknown', limit: 6 })).machines;

interface Data {
  readonly empty: boolean;
  readonly machines: boolean;
  readonly byProfile: readonly object[];
  readonly byProfileCount: number;
  readonly byProfileShown: number | undefined;
  readonly none: boolean;
  readonly rows: readonly ReturnType<typeof machineLine>[];
  readonly newcomers: readonly ReturnType<typeof machineLine>[];
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
  const page = machinesPage({
    page: all,
    filters: {},
    newcomers: [],
    profiles,
    origin: originOf(),
    now: NOW,
    ...input,
  });
  return page.data as unknown as Data;
}

describe("boots by a profile's name", () => {
  const boot = {
    address: '10.0.0.7',
    profile: 'a b',
    boots: 12,
    firstSeen: NOW - 86_400_000 * 3,
    lastSeen: NOW - 60_000,
  };
  const none = { ...all, machines: [], states: { ...all.states }, total: 0 };
  for (const state of MACHINE_STATES) none.states[state] = 0;

  it('are lines with address, profile, times and how often', () => {
    expect(data({ page: { ...all, byProfile: [boot] } }).byProfile).toEqual([
      {
        ...{ address: '10.0.0.7', profile: 'a b', boots: 12, href: '/dashboard/profiles/a%20b' },
        first: expect.objectContaining({ relative: '3 d ago' }) as object,
        seen: expect.objectContaining({ relative: '1 min ago' }) as object,
        waits: undefined,
      },
    ]);
  });

  it('alone stand in place of the first steps, with no table of machines', () => {
    expect(data({ page: { ...none, byProfile: [boot] } })).toMatchObject({ empty: false, machines: false });
    expect(data({ page: { ...none, byProfile: [] } })).toMatchObject({ empty: true });
  });

  it('are as many as a page has rows, and say how many there are', () => {
    const byProfile = Array.from({ length: 60 }, (_, i) => ({ ...boot, address: `10.0.0.${i}` }));
    const shown = data({ page: { ...all, byProfile } });
    expect([shown.byProfile.length, shown.byProfileCount, shown.byProfileShown]).toEqual([50, 60, 50]);
    expect(data({ page: { ...all, byProfile: [boot] } }).byProfileShown).toBeUndefined();
  });
});

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
    const { filters, filtered } = data({ filters: { text: 'dell', profile: 'workers', state: 'up' } });
    expect(filters.map(({ word, count }) => `${word} ${count}`)).toEqual([
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
    const shown = data({ page, filters: { state: 'failed' } });
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

  it('leads on and back, and says which of how many it shows', () => {
    const rows = all.machines.slice(0, 20);
    const last = data({ page: { ...all, machines: rows, total: 120 }, filters: { state: 'up' }, number: 3 });
    expect(last).toMatchObject({
      range: '101-120 of 120',
      first: '/dashboard/machines?state=up',
      previous: '/dashboard/machines?state=up&page=2',
      next: undefined,
    });
    const second = data({ page: { ...all, total: 1234 }, number: 2 });
    expect(second).toMatchObject({
      range: '51-80 of 1,234',
      first: undefined,
      previous: '/dashboard/machines',
      next: '/dashboard/machines?page=3',
    });
    expect(data()).toMatchObject({ range: '1-30 of 30', previous: undefined, next: undefined });
    // What was the ninth page, before most of them went.
    expect(data({ page: { ...all, machines: [], total: 60 }, number: 9 })).toMatchObject({
      range: undefined,
      previous: '/dashboard/machines?page=2',
      none: true,
    });
  });

  it('sorts by each column, and the other way round', () => {
    const hrefs = (sort?: MachinesInput['filters']['sort']) =>
      (data({ filters: { state: 'up', ...(sort && { sort }) } }) as unknown as { columns: { href: string }[] }).columns;
    const at = '/dashboard/machines?state=up';
    expect(hrefs().map(({ href }) => href)).toEqual([
      `${at}&sort=state`,
      `${at}&sort=name`,
      `${at}&sort=hardware`,
      `${at}&sort=address`,
      `${at}&sort=profile`,
      `${at}&sort=-boots`,
      `${at}&sort=seen`,
    ]);
    expect(hrefs('name')[1]).toEqual({ word: 'Machine', href: `${at}&sort=-name`, sorted: 'ascending', down: false });
    expect(hrefs('-name')[1]).toMatchObject({ href: `${at}&sort=name`, sorted: 'descending' });
    expect(hrefs('seen')[6]).toMatchObject({ href: at });
  });

  it('says what to do first while there is none', async () => {
    const none = sampleAdminService(NOW, true);
    expect(data({ page: await none.machines({ limit: 50 }) }).empty).toBe(true);
  });
});

it.each([
  [{}, true],
  [{ text: 'x' }, false],
  [{ state: 'up' as const }, false],
  [{ profile: 'x' }, false],
  [{ tag: 'x' }, false],
  [{ sort: 'name' as const }, false],
])('newcomers stand above %j: %s', (filters, shown) => {
  expect(showsNewcomers(filters)).toBe(shown);
});
