import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createReports } from '../../src/server/reports.ts';
import type { UnknownPolicy } from '../../src/boot/decide.ts';
import type { JournalEvent } from '../../src/model/journal-event.ts';
import { byMac, byUuid, claimAs, MAC, NOON, openSetup, TARGET, UUID } from '../machines/marks.ts';
import { factsOf, contextOf, nameOf } from '../support/app-context.ts';

const FILES = {
  'profiles/worker.json': {
    system: 'custom',
    kernel: 'k',
    install: { disk: '/dev/sda' },
    menu: 'Install',
    nodes: [
      { name: 'a', mac: MAC },
      { name: 'u', uuid: UUID },
    ],
  },
  'profiles/live.json': { system: 'custom', kernel: 'k', nodes: [{ name: 'l', mac: '525400000003' }] },
};
const BROKEN = `{ "versoin": 1, "nodes": [{ "name": "a", "mac": "${MAC}" }] }`;
const STRANGER = factsOf({ mac: '525400000009' });
const MENU: UnknownPolicy = { show: 'menu', timeoutSeconds: 0, choice: 'wait' };

async function open(files: Record<string, object | string> = FILES) {
  const { catalog } = await contextOf(files);
  const setup = await openSetup();
  const events: JournalEvent[] = [];
  const status: { on: boolean; why?: string; lost: number } = { on: true, lost: 0 };
  const waits: (() => void)[] = [];
  const journal = {
    record: (event: JournalEvent) => void events.push(event),
    status: () => status,
    flushed: async () => {
      for (const wait of waits) wait();
      return Promise.resolve();
    },
  };
  const reports = createReports({ catalog, marks: setup.marks, journal, unknown: MENU, now: () => setup.clock.now });
  return { ...setup, events, reports, status, waits };
}

describe('up', () => {
  it('is written down with what the machine says', async () => {
    const { reports, events, marks } = await open();
    const facts = factsOf({ mac: MAC });
    await reports.up({ facts }, { hostname: 'a' });
    await reports.up({ facts }, {});
    expect(events).toEqual([
      { kind: 'phone-home', at: NOON, facts, said: { hostname: 'a' } },
      { kind: 'phone-home', at: NOON, facts, said: {} },
    ]);
    expect(marks.all()).toEqual([]);
  });

  it('is refused to a machine that no profile is for, with the remedy', async () => {
    const { reports, events } = await open();
    await expect(reports.up({ facts: STRANGER }, {})).rejects.toMatchObject({
      code: 'not-found',
      message: 'no profile names mac 52:54:00:00:00:09, and none is the default',
      remedy: expect.stringContaining('nodes') as string,
    });
    expect(events).toEqual([]);
  });

  it('is taken from a machine whose profile was chosen at its screen', async () => {
    const { reports, events } = await open();
    await reports.up({ facts: STRANGER, choice: nameOf('worker') }, {});
    expect(events).toHaveLength(1);
  });

  it("is taken while the file that names the machine is broken: that is not the machine's fault", async () => {
    const { reports, events } = await open({ 'profiles/worker.json': BROKEN });
    await reports.up({ facts: factsOf({ mac: MAC }) }, {});
    expect(events).toHaveLength(1);
  });

  it('is acknowledged when it is in the journal, and shall come again when it could not be written', async () => {
    const { reports, status, waits } = await open();
    waits.push(() => {
      status.on = false;
      status.why = 'no space left';
    });
    await expect(reports.up({ facts: factsOf({ mac: MAC }) }, {})).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the journal is off: no space left',
    });
  });

  it('is acknowledged without a journal unless state/ cannot be written', async () => {
    const { reports, status, marks, dir } = await open();
    status.on = false;
    await reports.up({ facts: factsOf({ mac: MAC }) }, {});
    writeFileSync(join(dir, 'state'), 'not a folder');
    await marks.start();
    await expect(reports.up({ facts: factsOf({ mac: MAC }) }, {})).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('installed', () => {
  it('marks the machine by what decided, and is written down', async () => {
    const { reports, events, marks, reopen } = await open();
    const facts = factsOf({ mac: '525400000077', uuid: UUID });
    await reports.installed({ facts });
    expect(events).toEqual([{ kind: 'installed', at: NOON, facts }]);
    expect(marks.of(byUuid())).toMatchObject({ state: 'installed', profile: 'worker', disk: '/dev/sda', since: NOON });
    expect((await reopen()).of(byUuid())).toEqual(marks.of(byUuid()));
  });

  it('may be said twice', async () => {
    const { reports, marks, clock } = await open();
    await reports.installed({ facts: factsOf({ mac: MAC }) });
    clock.now += 5000;
    await reports.installed({ facts: factsOf({ mac: MAC }) });
    expect(marks.of(byMac())?.since).toBe(NOON);
  });

  it('is refused where nothing is installed, and by who cannot be told from others', async () => {
    const { reports, events, marks } = await open();
    await expect(reports.installed({ facts: factsOf({ mac: '525400000003' }) })).rejects.toMatchObject({
      code: 'conflict',
      message: 'profiles/live.json installs nothing',
    });
    await expect(reports.installed({ facts: {}, choice: nameOf('worker') })).rejects.toMatchObject({ code: 'invalid' });
    await expect(reports.installed({ facts: STRANGER })).rejects.toMatchObject({ code: 'not-found' });
    expect([events, marks.all()]).toEqual([[], []]);
  });

  it('is acknowledged when it is on the disk, and shall come again when it could not be put there', async () => {
    const { reports, marks, dir, events, reopen } = await open();
    writeFileSync(join(dir, 'state'), 'not a folder');
    await expect(reports.installed({ facts: factsOf({ mac: MAC }) })).rejects.toMatchObject({ code: 'unavailable' });
    expect([events, marks.of(byMac())?.state]).toEqual([[], 'installed']);
    rmSync(join(dir, 'state'));
    await reports.installed({ facts: factsOf({ mac: MAC }) });
    expect([events.length, (await reopen()).of(byMac())?.state]).toEqual([1, 'installed']);
  });

  it('is taken while the file that names the machine is broken', async () => {
    const { reports, marks } = await open({ 'profiles/worker.json': BROKEN });
    await reports.installed({ facts: factsOf({ mac: MAC }) });
    expect(marks.of(byMac())).toMatchObject({ state: 'installed', profile: 'worker', disk: '' });
  });

  it('is taken from who got an installer here, whatever its profile says by now', async () => {
    const { reports, marks } = await open();
    for (const mac of ['52:54:00:00:00:03', '52:54:00:00:00:09']) {
      await claimAs(marks, byMac(mac));
      await reports.installed({ facts: factsOf({ mac }) });
      expect(marks.of(byMac(mac))).toMatchObject({ state: 'installed', ...TARGET });
    }
  });
});
