import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { flagsOf, syncInChild } from '../../src/app/sync-child.ts';
import type { SyncEvent } from '../../src/domain/sync-event.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { settingsFor } from '../support/house.ts';
import { makeStand, type SyncStand } from '../support/sync-stand.ts';
import { FLATCAR, flatcarFolder, serveFlatcar } from '../support/upstream-releases.ts';
import { silence } from '../support/upstream-faults.ts';

const SELF = [process.execPath, '--import', 'tsx', fileURLToPath(new URL('../../src/main.ts', import.meta.url))];

function settingsOf(stand: SyncStand): Settings {
  const settings = settingsFor(stand.dir);
  const mirrors = { flatcar: stand.upstream.url('/flatcar') };
  return { ...settings, sync: { ...settings.sync, mirrors, trust: { flatcar: [stand.vendor.primary.fingerprint] } } };
}

describe('a sync in a process of its own', { timeout: 60_000 }, () => {
  it('tells its events, and how many targets failed', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    const events: SyncEvent[] = [];
    const tell = (event: SyncEvent): void => {
      events.push(event);
    };
    const signal = new AbortController().signal;
    const child = { self: SELF, settings: settingsOf(stand), tell, signal };
    expect(await syncInChild(child)).toEqual({ kind: 'done', value: 0 });
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['plan', 'published', 'rewritten', 'done']));
    expect(stand.version('seed')).toBe('4593.2.5');
    stand.upstream.absent('/flatcar/stable/amd64-usr/current/version.txt');
    expect(await syncInChild(child)).toEqual({ kind: 'done', value: 1 });
  });

  it('ends when it is told to, and says so; who comes meanwhile is told that it is busy', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    const kernel = `${flatcarFolder('4593.2.5')}/${FLATCAR.kernel}`;
    stand.upstream.failAlways(kernel, silence);
    const stop = new AbortController();
    const child = { self: SELF, settings: settingsOf(stand), tell: () => undefined, signal: stop.signal };
    const running = syncInChild(child);
    await vi.waitFor(
      () => {
        expect(stand.upstream.requests).toContain(`HEAD ${kernel}`);
      },
      { timeout: 30_000 },
    );
    expect(await syncInChild({ ...child, signal: new AbortController().signal })).toMatchObject({
      kind: 'busy',
      message: expect.stringContaining('a sync is running already') as string,
    });
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('a program that cannot be started is a failure', async () => {
    const stand = await makeStand();
    const signal = new AbortController().signal;
    const child = { settings: settingsOf(stand), tell: () => undefined, signal };
    await expect(syncInChild({ ...child, self: ['/nonexistent/node'] })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(syncInChild({ ...child, self: [process.execPath, '-e', '0'] })).rejects.toThrow(
      'the sync ended early',
    );
  });
});

it('the settings go along as flags', () => {
  const settings = settingsFor('/data');
  const sync = {
    ...settings.sync,
    mirrors: { flatcar: 'http://m' },
    trust: { flatcar: ['A', 'B'] },
    keyFiles: { debian: '/k' },
  };
  expect(flagsOf({ ...settings, sync }).join(' ')).toBe(
    '--data-dir /data --keep-releases 2 --allow-sha1 off --mirror-flatcar http://m --trust-flatcar A,B --key-debian /k',
  );
});
