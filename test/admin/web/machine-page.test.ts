import { describe, expect, it } from 'vitest';
import { machinePage } from '../../../src/admin/web/machine-page.ts';
import type { MachineView } from '../../../src/model/views.ts';
import { sampleOffice } from '../../support/fake-office.ts';
import { originOf } from '../../support/house.ts';

const NOW = 1_800_000_000_000;
const office = sampleOffice(NOW);
const profiles = await office.profiles();
const viewOf = (name: string): Promise<MachineView> =>
  office.machine(office.rows.find((row) => row.name === name)?.key ?? '', originOf());
const data = (view: MachineView): Record<string, unknown> => machinePage({ view, profiles, now: NOW }).data;

describe('the page of a machine', () => {
  it('is called by its name and told as one sentence', async () => {
    const page = machinePage({ view: await viewOf('w13'), profiles, now: NOW });
    expect(page).toMatchObject({ title: 'w13', section: 'Machines', summary: 'w13: Booting, downloading' });
  });

  it('names only what is known of it', async () => {
    const view = await viewOf('w1');
    const bare = { ...view, row: { key: view.row.key, state: 'up' as const, boots: [], serial: '' } };
    expect(data(bare)['facts']).toEqual([]);
    expect(data(view)['facts']).toContainEqual({ name: 'MAC', value: view.row.mac, code: true });
  });

  it('offers to reinstall only what installs', async () => {
    expect(data(await viewOf('store1'))['installs']).toBe(true);
    expect(data(await viewOf('w1'))['installs']).toBe(false);
    const unknown = await viewOf('store1');
    expect(data({ ...unknown, row: { ...unknown.row, state: 'unknown' } })['installs']).toBe(false);
  });

  it('compares earlier boots with the longest one', async () => {
    const view = await viewOf('w1');
    const boots = [10_000, 40_000, 20_000].map((ms, id) => ({ id, at: 0, outcome: 'boot' as const, ms, events: [] }));
    expect(data({ ...view, boots })['earlier']).toMatchObject([
      { width: '100', took: '40 s' },
      { width: '50', took: '20 s' },
    ]);
  });

  it('says what went wrong in an earlier boot', async () => {
    const view = await viewOf('w15');
    const [failed] = view.boots;
    const boots = failed === undefined ? [] : [failed, failed];
    expect(data({ ...view, boots })['earlier']).toMatchObject([
      { refused: expect.stringContaining('vars.rack') as string, took: undefined },
    ]);
  });

  it('has no picture of a boot in which nothing happened, and none at all before the first', async () => {
    const view = await viewOf('w1');
    expect(data({ ...view, boots: [{ id: 1, at: 0, outcome: 'boot', events: [] }] })['last']).toMatchObject({
      picture: undefined,
    });
    expect(data({ ...view, boots: [] })['last']).toBeUndefined();
  });

  it('keeps what was typed when it went wrong', async () => {
    const view = await viewOf('w1');
    const failed = { message: 'm', remedy: 'r', typed: { name: 'taken' } };
    expect(machinePage({ view, profiles, now: NOW, failed }).data).toMatchObject({
      failed: { message: 'm', remedy: 'r' },
      form: { name: 'taken' },
    });
  });
});
