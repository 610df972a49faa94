import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { localClient, openJournalHere } from '../../../src/admin/client/local.ts';
import { openDataRoot } from '../../../src/files/data-root.ts';
import { openJournalDirectly } from '../../../src/journal/create-journal.ts';
import { openInstallMarks } from '../../../src/machines/install-marks.ts';
import { SILENT } from '../../../src/model/service.ts';
import { makeFolder } from '../../support/folder.ts';
import { factsOf, settingsFor } from '../../support/app-context.ts';
import { flatcar, MAC } from '../service/setup.ts';

const JOURNAL = { on: true, days: 90 };

test('a command opens the journal that is there, and makes none', async () => {
  const dir = makeFolder();
  const files = await openDataRoot(dir);
  expect((await openJournalHere({ journal: JOURNAL }, files)).status().on).toBe(false);
  expect(existsSync(join(dir, 'state'))).toBe(false);
  const server = await openJournalDirectly({ file: join(dir, 'state/pilotlight.db'), days: 90, log: SILENT });
  await server.stop(AbortSignal.timeout(5000));
  const here = await openJournalHere({ journal: JOURNAL }, files);
  expect(here.status()).toMatchObject({ on: true });
  expect((await here.machines({ limit: 1 })).machines).toEqual([]);
  await here.stop(AbortSignal.timeout(5000));
  expect((await openJournalHere({ journal: { on: false, days: 1 } }, files)).status().on).toBe(false);
});

const ON = { journal: { on: true, days: 90 } };
const WHO = { key: MAC, also: [], machine: {} };

describe('without a server', () => {
  test('machines come from the files, and nothing is left behind', async () => {
    const dir = makeFolder({ 'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }]) });
    const adminClient = await localClient(settingsFor(dir, ON));
    expect((await adminClient.machines({ limit: 10 })).machines).toMatchObject([
      { key: MAC, name: 'w1', state: 'assigned' },
    ]);
    expect((await adminClient.machine(MAC)).because).toBe(`mac ${MAC} is node w1 of profiles/w.json`);
    await expect(adminClient.loginLink()).rejects.toMatchObject({ code: 'unavailable' });
    await adminClient.close();
    expect(existsSync(join(dir, 'state'))).toBe(false);
  });

  test('machines come from the journal where there is one, with the nodes as they are by now', async () => {
    const dir = makeFolder({ 'profiles/w.json': flatcar([{ name: 'w1', serial: '7' }]) });
    const before = await openJournalDirectly({ file: join(dir, 'state/pilotlight.db'), days: 90, log: SILENT });
    before.record({ kind: 'installed', at: Date.now(), facts: factsOf({ mac: MAC }) });
    await before.stop(AbortSignal.timeout(5000));
    const adminClient = await localClient(settingsFor(dir, ON));
    await adminClient.adopt({ key: MAC, profile: 'w', name: 'w2' });
    const { machines } = await adminClient.machines({ limit: 10 });
    expect(machines.map(({ key, name }) => [key, name]).sort()).toEqual([
      [MAC, 'w2'],
      ['serial:7', 'w1'],
    ]);
    const { boots } = await adminClient.machine(MAC);
    expect(boots.flatMap(({ events }) => events.map(({ kind }) => kind))).toContain('installed');
    await adminClient.close();
    const after = await openJournalDirectly({ file: join(dir, 'state/pilotlight.db'), days: 90, log: SILENT });
    const history = await after.machine(MAC);
    expect(JSON.stringify(history)).toContain('adopted into profiles/w.json as w2');
    await after.stop(AbortSignal.timeout(5000));
  });

  test('reinstall is on the disk', async () => {
    const dir = makeFolder({
      'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }], { install: { disk: '/dev/sda' } }),
    });
    const marks = await openInstallMarks(await openDataRoot(dir), SILENT);
    await marks.installed(WHO, { profile: 'w', disk: '/dev/sda' });
    await marks.close();
    const adminClient = await localClient(settingsFor(dir));
    expect((await adminClient.machines({ limit: 1 })).machines).toMatchObject([{ state: 'installed' }]);
    expect(await adminClient.reinstall('w1')).toEqual({ key: MAC, name: 'w1' });
    await adminClient.close();
    const kept = await openInstallMarks(await openDataRoot(dir), SILENT);
    expect(kept.of(WHO)?.state).toBe('erase-pending');
  });

  test('beside a server that does not answer nothing is changed: it has the marks in memory', async () => {
    const dir = makeFolder({
      'profiles/w.json': flatcar([{ name: 'w1', mac: MAC }], { install: { disk: '/dev/sda' } }),
    });
    const marks = await openInstallMarks(await openDataRoot(dir), SILENT);
    await marks.start();
    await marks.reinstall(WHO, { profile: 'w', disk: '/dev/sda' });
    const adminClient = await localClient(settingsFor(dir));
    await expect(adminClient.cancelReinstall('w1')).rejects.toMatchObject({ code: 'unavailable' });
    await adminClient.close();
    expect((await openInstallMarks(await openDataRoot(dir), SILENT)).of(WHO)?.state).toBe('erase-pending');
    await marks.close();
  });

  test('who watches sees what an editor saves', async () => {
    const dir = makeFolder({ 'profiles/w.json': flatcar() });
    const adminClient = await localClient(settingsFor(dir));
    writeFileSync(join(dir, 'profiles/w.json'), flatcar([{ name: 'new', mac: MAC }]));
    const end = new AbortController();
    await adminClient.watch(() => {
      end.abort();
    }, end.signal);
    expect((await adminClient.machines({ limit: 1 })).machines).toMatchObject([{ name: 'new' }]);
    await adminClient.close();
    expect(readFileSync(join(dir, 'profiles/w.json'), 'utf8')).toContain('new');
  });
});
