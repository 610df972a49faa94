import { describe, expect, it } from 'vitest';
import { adoptForm, machinePage, machineText } from '../../../src/admin/web/machine-page.ts';
import type { MachineRow, MachineView } from '../../../src/model/views.ts';
import { FAKE_PROFILES } from '../../support/sample-admin-data.ts';
import { sampleAdminService } from '../../support/sample-admin-service.ts';
import { originOf } from '../../support/app-context.ts';

const TITLE = 'boot script';

describe('a text that a machine was sent', () => {
  it('and would be sent again', () => {
    const text = machineText({ title: TITLE, sentAt: 1000, sent: 'a\n', now: 'a\n' }, 61_000);
    expect(text).toMatchObject({
      slug: 'boot-script',
      verdict: 'would be the same now',
      changed: false,
      diff: undefined,
    });
    expect(text.sentAt?.relative).toBe('1 min ago');
  });

  it('and would look different now', () => {
    const text = machineText({ title: TITLE, sent: 'a\nb\n', now: 'a\nc\n' }, 0);
    expect(text.verdict).toBe('would change: 1 line added, 1 line removed');
    expect(text.changed).toBe(true);
    expect(text.diff?.hunks).toHaveLength(1);
  });

  it('and would differ in its line ends', () => {
    expect(machineText({ title: TITLE, sent: 'a\r\n', now: 'a\n' }, 0).verdict).toBe('would change: line ends only');
  });

  it.each([
    [{ title: TITLE, sent: 'a' }, 'would not be sent now'],
    [{ title: TITLE, now: 'a' }, 'not sent yet'],
    [{ title: TITLE }, 'nothing to show'],
    [{ title: TITLE, sent: 'a', problem: 'variable "x" is not there' }, 'cannot be sent now'],
  ])('%j: %s', (text, verdict) => {
    expect(machineText(text, 0).verdict).toBe(verdict);
  });

  it('is open when there is something to see', () => {
    expect(machineText({ title: TITLE, problem: 'broken' }, 0).changed).toBe(true);
  });
});

const ROW: MachineRow = { key: '52:54:00:55:1c:ee', mac: '52:54:00:55:1c:ee', state: 'unknown', boots: [] };
const chosen = (form: ReturnType<typeof adoptForm>): string | undefined =>
  form.profiles.find(({ selected }) => selected)?.name;

describe('the form that adopts', () => {
  it('is filled in: the profile that most machines boot, a name made of the MAC', () => {
    const form = adoptForm(ROW, FAKE_PROFILES);
    expect(chosen(form)).toBe('workers');
    expect(form.name).toBe('node-551cee');
  });

  it.each([
    ['Web-01.lan.example', 'web-01'],
    ['(none)', 'node-551cee'],
    ['..', 'node-551cee'],
  ])('of what calls itself %s suggests %s', (hostname, name) => {
    expect(adoptForm({ ...ROW, hostname }, FAKE_PROFILES).name).toBe(name);
  });

  it('suggests no name where there is nothing to make one of', () => {
    expect(adoptForm({ key: 'serial:1', state: 'unknown', boots: [] }, FAKE_PROFILES).name).toBe('');
  });

  it('shows a known machine as it is', () => {
    const form = adoptForm({ ...ROW, state: 'up', name: 'cp1', profile: 'rescue' }, FAKE_PROFILES);
    expect([form.name, chosen(form)]).toEqual(['cp1', 'rescue']);
  });

  it('keeps what was typed', () => {
    const form = adoptForm({ ...ROW, name: 'cp1', profile: 'rescue' }, FAKE_PROFILES, {
      name: 'taken',
      profile: 'workers',
    });
    expect([form.name, chosen(form)]).toEqual(['taken', 'workers']);
  });

  it('offers no profile that never was good', () => {
    const form = adoptForm(
      ROW,
      FAKE_PROFILES.map((profile) => ({ ...profile, inForce: profile.name === 'rescue' })),
    );
    expect(form.profiles.map(({ name }) => name)).toEqual(['rescue']);
    expect(adoptForm(ROW, []).none).toBe(true);
  });
});

const NOW = 1_800_000_000_000;
const NO_LOG = { lines: [], last: 0, off: 'no logs are taken' };
const adminService = sampleAdminService(NOW);
const profiles = await adminService.profiles();
const viewOf = (name: string): Promise<MachineView> =>
  adminService.machine(adminService.rows.find((row) => row.name === name)?.key ?? '', originOf());
const data = (view: MachineView): Record<string, unknown> =>
  machinePage({ view, profiles, log: NO_LOG, now: NOW }).data;

describe('the page of a machine', () => {
  it('is called by its name and told as one sentence', async () => {
    const page = machinePage({ view: await viewOf('w13'), profiles, log: NO_LOG, now: NOW });
    expect(page).toMatchObject({ title: 'w13', section: 'Machines', summary: 'w13: Booting, downloading' });
  });

  it('shows why it may not boot, as the server has seen of its card', async () => {
    const view = await viewOf('w1');
    const hint = { message: 'it loaded iPXE 3 times', remedy: 'set "secure_boot": true' };
    expect(data({ ...view, hint })['hint']).toEqual(hint);
    expect(data(view)['hint']).toBeUndefined();
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
    const failed = { message: 'm', remedy: 'r', status: 409, typed: { name: 'taken' } };
    expect(machinePage({ view, profiles, log: NO_LOG, now: NOW, failed }).data).toMatchObject({
      failed: { message: 'm', remedy: 'r' },
      form: { name: 'taken' },
    });
  });

  it('shows its log, newest first, where one is taken or was', async () => {
    const view = await viewOf('w1');
    const line = (id: number, severity?: number) => ({
      id,
      at: NOW - id,
      from: '10.0.0.7',
      text: `line ${id}`,
      severity,
    });
    const lines = [line(1), line(2, 4), line(3, 3)];
    const logOf = (log: Parameters<typeof machinePage>[0]['log']) =>
      machinePage({ view, profiles, log, now: NOW }).data['log'];
    expect(logOf(NO_LOG)).toBeUndefined();
    expect(logOf({ lines: [], last: 0 })).toMatchObject({ lines: [], off: undefined });
    expect(logOf({ lines, last: 3, off: 'off' })).toMatchObject({
      off: 'off',
      all: true,
      lines: [
        { id: 3, text: 'line 3', bad: true, warning: false },
        { id: 2, text: 'line 2', bad: false, warning: true },
        { id: 1, text: 'line 1', bad: false, warning: false },
      ],
    });
  });
});
