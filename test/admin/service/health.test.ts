import { checkData } from '../../../src/doctor/check.ts';
import { problemLine } from '../../../src/model/failure.ts';
import { bytesText } from '../../../src/model/text.ts';
import { chmodSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { healthView, serverDiagnostics } from '../../../src/admin/service/health.ts';
import type { SyncRunView } from '../../../src/model/release-views.ts';
import { addFiles } from '../../support/folder.ts';
import { flatcar, MAC, NOW, adminSetup, type AdminSetup } from './setup.ts';

test('what is wrong and what a person asks first', async () => {
  const folder = 'images/flatcar/amd64/4593.2.5/flatcar_production_pxe';
  const setup = await adminSetup({
    'profiles/a.json': flatcar([{ name: 'a', mac: MAC }]),
    'profiles/b.json': '{',
    [`${folder}.vmlinuz`]: 'kernel',
    [`${folder}_image.cpio.gz`]: 'initramfs',
  });
  setup.journal.on = false;
  const view = await healthView(setup.deps);
  expect(view).toMatchObject({ version: '1.2.3', uptimeSeconds: 61 });
  expect(view.problems).toMatchObject([{ severity: 'error', place: { file: 'profiles/b.json' } }]);
  expect(view.troubles.map(({ what }) => what)).toContain('the journal is off: the disk is gone');
  const facts = Object.fromEntries(view.facts.map(({ name, value }) => [name, value]));
  expect(facts).toMatchObject({
    'Profiles in force': '1',
    'Machines that they name': '1',
    HTTP: '127.0.0.1:0',
    TFTP: 'off',
    DHCP: 'off',
    Syslog: 'off',
    Journal: 'off',
    'Node.js': process.versions.node,
    Disk: expect.stringMatching(/ of .* free$/) as string,
  });
  expect(JSON.stringify(view)).not.toContain(setup.dir);
});

test('where logs are taken, the facts say how many lines no known machine said', async () => {
  const setup = await adminSetup({});
  const deps = { ...setup.deps, settings: { ...setup.deps.settings, syslog: { host: '0.0.0.0', port: 514 } } };
  const fact = async () => (await healthView(deps)).facts.find(({ name }) => name === 'Syslog')?.value;
  expect(await fact()).toBe('port 514');
  const status = setup.journal.status();
  setup.journal.status = () => ({ ...status, strangeLines: { lines: 2, from: '10.0.0.9' } });
  expect(await fact()).toBe('port 514, 2 lines of no known machine, the last from 10.0.0.9');
});

const GIB = 2 ** 30;
const roomy = () => Promise.resolve({ free: 50 * GIB, total: 100 * GIB });

async function said(setup: AdminSetup, more: Partial<Parameters<typeof serverDiagnostics>[0]> = {}) {
  return (await serverDiagnostics({ ...setup.deps, space: roomy, ...more })).map(({ message, severity }) => [
    severity,
    message,
  ]);
}

function run(at: number, failed: number, more: Partial<SyncRunView> = {}): SyncRunView {
  const event = { kind: 'failed', target: 't', message: `why ${at}` } as const;
  return { run: at, endedAt: at + 1, failed, steps: failed === 0 ? [] : [{ at, event }], ...more };
}

test('a server that is well has none', async () => {
  expect(await said(await adminSetup({}))).toEqual([]);
});

describe('the journal', () => {
  test('that is off, unless it shall be', async () => {
    const setup = await adminSetup({});
    setup.journal.on = false;
    expect(await said(setup)).toEqual([['error', 'the journal is off: the disk is gone']]);
    const settings = { ...setup.deps.settings, journal: { on: false, days: 1 } };
    expect(await said(setup, { settings })).toEqual([]);
  });

  test('that lost something', async () => {
    const setup = await adminSetup({});
    setup.journal.losses = { fast: 3, off: 1, mistakes: 2 };
    expect(await said(setup)).toEqual([
      ['warning', 'the journal has lost 3 events since the start: they came faster than its disk writes'],
      ['warning', 'the journal has lost 1 event since the start: it was off, or could not be written'],
      ['warning', 'the journal could not write 2 events because of a mistake in Pilotlight'],
    ]);
    setup.journal.losses = { fast: 0, off: 1, mistakes: 0 };
    // The remedy fits the cause: no new disk for a journal that was off.
    const [trouble] = await serverDiagnostics(setup.deps);
    expect(trouble?.remedy).toBe('it is on again; the log says why it was not');
  });

  test('that is flooded with invented machines', async () => {
    const setup = await adminSetup({});
    setup.journal.flood = { newcomers: 9000, removed: 700, from: '10.0.0.9' };
    expect(await said(setup)).toEqual([
      [
        'warning',
        '9000 machines that were never seen before asked in the last ten minutes, most of them from 10.0.0.9, ' +
          'and 700 unknown machines were forgotten to make room',
      ],
    ]);
  });
});

describe('the disk', () => {
  test.each([
    [50 * GIB, 1000 * GIB, undefined],
    [40 * GIB, 1000 * GIB, 'warning'],
    [9 * GIB, 1000 * GIB, 'error'],
    [GIB / 2, 20 * GIB, 'warning'],
    [GIB / 20, GIB / 10, undefined],
    [GIB / 20, 4 * GIB, 'error'],
  ])('%d of %d', async (free, total, severity) => {
    const setup = await adminSetup({});
    const found = await said(setup, { space: () => Promise.resolve({ free, total }) });
    const what = `the disk of the data directory is nearly full: ${bytesText(free)} of ${bytesText(total)} are free`;
    expect(found).toEqual(severity === undefined ? [] : [[severity, what]]);
  });

  test('images/ may be another one', async () => {
    const setup = await adminSetup({});
    const space = (path: string) =>
      Promise.resolve(path.endsWith('images') ? { free: GIB, total: 100 * GIB } : { free: 50 * GIB, total: 100 * GIB });
    expect(await said(setup, { space })).toEqual([
      ['warning', 'the disk of images/ is nearly full: 1 GiB of 100 GiB are free'],
    ]);
  });

  test('a folder that is not there is nobody’s trouble here', async () => {
    const setup = await adminSetup({});
    const gone = Object.assign(new Error('x'), { code: 'ENOENT' });
    expect(await said(setup, { space: () => Promise.reject(gone) })).toEqual([]);
  });
});

describe('the release sync', () => {
  test('fails since the first failure after the last success', async () => {
    const setup = await adminSetup({});
    setup.journal.runs = [run(NOW, 0, { endedAt: undefined }), run(NOW - 1000, 1), run(NOW - 90_000_000, 2), run(1, 0)];
    expect(await said(setup)).toEqual([
      ['warning', `the release sync has failed since 2026-11-20 11:00:00 UTC: t: why ${NOW - 1000}`],
    ]);
    setup.journal.runs = [run(NOW, 0), ...setup.journal.runs];
    expect(await said(setup)).toEqual([]);
  });

  test('told something in its last run, although nothing failed', async () => {
    const setup = await adminSetup({});
    const event = { kind: 'note', target: 't', message: 'the key X of flatcar signs until 2027-03-08' } as const;
    const steps = [
      { at: 1, event },
      { at: 2, event: { ...event, target: 'u' } },
    ];
    setup.journal.runs = [run(NOW, 0, { steps }), run(NOW - 1000, 0)];
    expect(await said(setup)).toEqual([['warning', `the release sync says: ${event.message}`]]);
    setup.journal.runs = [run(NOW, 0), run(NOW - 1000, 0, { steps })];
    expect(await said(setup)).toEqual([]);
  });

  test('has not run for long although it should', async () => {
    const setup = await adminSetup({});
    setup.journal.runs = [run(NOW - 9 * 86_400_000, 0)];
    expect(await said(setup)).toEqual([]);
    const settings = { ...setup.deps.settings, sync: { ...setup.deps.settings.sync, schedule: '1 1 * * *' } };
    expect(await said(setup, { settings })).toEqual([
      ['warning', 'the release sync ran last on 2026-11-12 12:00:00 UTC'],
    ]);
  });
});

test('the admin token that others may read', async () => {
  const setup = await adminSetup({ 'state/admin-token': 'x'.repeat(20) });
  const token = join(setup.dir, 'state/admin-token');
  chmodSync(token, 0o640);
  expect(await serverDiagnostics({ ...setup.deps, space: roomy })).toMatchObject([
    { remedy: 'chmod 600 state/admin-token' },
  ]);
  chmodSync(token, 0o600);
  expect(await said(setup)).toEqual([]);
});

test('a clock that was never set, and one that is behind the files', async () => {
  const setup = await adminSetup({ 'configs/a.yml': 'x' });
  expect(await said(setup, { now: () => 1000 })).toEqual([['error', 'the clock says 1970-01-01 00:00:01 UTC']]);
  addFiles(setup.dir, { 'configs/a.yml': 'y' });
  utimesSync(join(setup.dir, 'configs/a.yml'), new Date(NOW), new Date(NOW + 100 * 86_400_000));
  await setup.catalog.refresh();
  expect(await said(setup)).toEqual([
    ['warning', 'the clock says 2026-11-21 12:00:00 UTC, and configs/a.yml is from 2027-03-01 12:00:00 UTC'],
  ]);
});

test('what the network servers know comes too; errors first', async () => {
  const setup = await adminSetup({}, { diagnostics: () => [{ severity: 'error', message: 'no TFTP', remedy: 'r' }] });
  setup.journal.losses = { fast: 1, off: 0, mistakes: 0 };
  expect((await said(setup)).map(([severity]) => severity)).toEqual(['error', 'warning']);
});

test('an image that is missing is said by Health and by the page of its profile, as `check` says it', async () => {
  const setup = await adminSetup({
    'profiles/p.json': { system: 'flatcar', version: '9.9.9', install: { disk: '/dev/sda' }, update: 'manual' },
  });
  const said = (await checkData(setup.deps.settings)).problems
    .map(problemLine)
    .filter((line) => line.includes('images/'));
  expect(said.length).toBeGreaterThan(0);
  const health = (await healthView(setup.deps)).problems.map(problemLine);
  const page = (await setup.adminService.profile('p')).problems.map(problemLine);
  expect(health).toEqual(expect.arrayContaining(said));
  expect(page).toEqual(expect.arrayContaining(said));
});
