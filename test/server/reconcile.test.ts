import { expect, it, test } from 'vitest';
import { openContext } from '../../src/context/app-context.ts';
import { Failure } from '../../src/model/failure.ts';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import type { MachineState } from '../../src/model/machine-list.ts';
import type { MachineRow } from '../../src/model/views.ts';
import { recallMachines, reconcile } from '../../src/server/reconcile.ts';
import { asking, byMac, claimAs, MAC, NOON, openSetup, TARGET, UUID } from '../machines/marks.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { settingsFor } from '../support/app-context.ts';
import { recordLog } from '../support/http-server.ts';

const INSTALLED = '52:54:00:00:02:01';
const LISTED = '52:54:00:00:06:0a';
const OTHER = 'bbbbbbbb-2222-3333-4444-555555555555';
const ROWS = [
  { key: INSTALLED, mac: INSTALLED, uuid: UUID },
  { key: LISTED, mac: LISTED, uuid: OTHER, serial: '' },
].map((row): MachineRow => ({ ...row, state: 'booting', lastSeen: 9, boots: [] }));

const PROFILES = {
  'profiles/def.json': { system: 'debian', version: '1', install: { disk: '/dev/sda' }, default: true },
  'profiles/loc.json': {
    boot: 'local',
    nodes: [
      { name: 'prod2', mac: LISTED },
      { name: 'never', mac: '52:54:00:00:07:01' },
      { name: 'safe', mac: '52:54:00:00:07:02', uuid: '22222222-2222-3333-4444-555555555555' },
    ],
  },
};
/** As the version before wrote it. */
const MARK = {
  'state/machines/52-54-00-00-02-01.json': {
    key: INSTALLED,
    machine: { mac: INSTALLED },
    state: 'installed',
    since: '2026-11-30T11:14:00.730Z',
    tries: 0,
    profile: 'def',
    disk: '/dev/sda',
  },
};

async function setup(files: object, on = true, fails = false) {
  const dir = makeFolder({ ...MARK, ...files });
  const log = recordLog();
  const { catalog, marks } = await openContext(settingsFor(dir), log);
  await catalog.refresh();
  const asked: string[] = [];
  const machine = (key: string) => {
    asked.push(key);
    if (fails) return Promise.reject(new Failure('unavailable', 'no journal'));
    const row = ROWS.find((one) => one.key === key);
    return Promise.resolve(row === undefined ? undefined : { row, boots: [] });
  };
  const journal = { machine, status: () => ({ on, lost: 0 }) };
  const service = recallMachines(catalog, marks, journal, log);
  await service.start();
  const second = (mac: string, uuid: string) => marks.life(asking(byMac(mac, uuid))).kind;
  return { dir, catalog, marks, journal, asked, service, log, second };
}

test('the second card of a machine that an older version installed, or saw, is no new machine', async () => {
  const { dir, second, marks, service, journal, asked } = await setup(PROFILES);
  expect(second('52:54:00:00:02:02', UUID)).toBe('alike');
  expect(second('52:54:00:00:06:0b', OTHER)).toBe('alike');
  expect(marks.life(asking(byMac(INSTALLED, UUID))).kind).toBe('local');
  expect(second('52:54:00:00:09:09', '99999999-2222-3333-4444-555555555555')).toBe('install');
  expect(asked).toEqual([INSTALLED, LISTED, '52:54:00:00:07:01']);
  await service.stop(AbortSignal.abort());
  await marks.close();

  const again = await openContext(settingsFor(dir), recordLog());
  await again.catalog.refresh();
  asked.length = 0;
  await recallMachines(again.catalog, again.marks, journal, recordLog()).start();
  expect(asked, 'what is known is not looked up again').toEqual(['52:54:00:00:07:01']);
});

test('nothing is looked up where nothing is installed, until a profile installs', async () => {
  const { dir, catalog, asked, second, service } = await setup({ 'profiles/loc.json': PROFILES['profiles/loc.json'] });
  expect(asked).toEqual([]);
  addFiles(dir, PROFILES);
  await catalog.refresh();
  await service.stop(AbortSignal.abort());
  expect(asked).not.toEqual([]);
  expect(second('52:54:00:00:02:02', UUID)).toBe('alike');
});

test('a journal that is off or cannot be read is no reason not to start', async () => {
  expect((await setup(PROFILES, false)).asked).toEqual([]);
  const { asked, log } = await setup(PROFILES, true, true);
  expect(asked).not.toEqual([]);
  expect(log.of('error')).toEqual([]);
});

async function toldOf(state: MachineState | undefined, since = NOON - 1, on = true) {
  const { marks } = await openSetup();
  await marks.installed(byMac(), TARGET);
  await claimAs(marks, byMac('52:54:00:00:00:02'));
  const told: JournalEvent[] = [];
  const row = state === undefined ? undefined : { key: MAC, state, since, boots: [] };
  const journal = {
    status: () => ({ on, lost: 0 }),
    record: (event: JournalEvent) => void told.push(event),
    machine: (key: string) => {
      expect(key).toBe(MAC);
      return Promise.resolve(row === undefined ? undefined : { row, boots: [] });
    },
  };
  const service = reconcile(marks, journal, recordLog());
  await service.start();
  // Waits for what it does; a long list would be cut short here.
  await new Promise((done) => setImmediate(done));
  await service.stop(AbortSignal.abort());
  return told;
}

it('tells the journal of machines that have reported and of which it does not know', async () => {
  const event = { kind: 'installed', at: NOON, facts: { mac: MAC } };
  expect(await toldOf('installing')).toEqual([event]);
  expect(await toldOf('failed')).toEqual([event]);
  expect(await toldOf(undefined)).toEqual([event]);
});

it('is silent where the journal knows, where it knows what came later, and where it is off', async () => {
  expect(await toldOf('installed')).toEqual([]);
  expect(await toldOf('up')).toEqual([]);
  expect(await toldOf('assigned', NOON + 1)).toEqual([]);
  expect(await toldOf('installing', NOON - 1, false)).toEqual([]);
});
