import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openContext } from '../../src/context/app-context.ts';
import { flagsOf, syncInChild } from '../../src/releases/sync-child.ts';
import { createSyncService } from '../../src/releases/sync-service.ts';
import { SILENT } from '../../src/model/service.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { MAIN } from '../support/built.ts';
import { settingsFor } from '../support/app-context.ts';
import { NEW, nodes, OLD, ROLLOUT } from '../support/rollout-setup.ts';
import { makeSetup, type SyncSetup } from '../support/sync-setup.ts';
import { FLATCAR, flatcarFolder, serveFlatcar } from '../support/upstream-releases.ts';
import { silence } from '../support/upstream-faults.ts';

const SELF = [process.execPath, MAIN];

function settingsOf(setup: SyncSetup): Settings {
  const settings = settingsFor(setup.dir);
  const mirrors = { flatcar: setup.upstream.url('/flatcar') };
  return { ...settings, sync: { ...settings.sync, mirrors, trust: { flatcar: [setup.vendor.primary.fingerprint] } } };
}

describe('a sync in a process of its own', { timeout: 60_000 }, () => {
  it('tells its events, and how many targets failed', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const events: SyncEvent[] = [];
    const emit = (event: SyncEvent): void => {
      events.push(event);
    };
    const signal = new AbortController().signal;
    const child = { self: SELF, settings: settingsOf(setup), emit, signal, log: SILENT };
    expect(await syncInChild(child)).toMatchObject({ kind: 'done', value: { failed: 0 } });
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['plan', 'published', 'rewritten', 'done']));
    expect(setup.version('seed')).toBe('4593.2.5');
    setup.upstream.absent('/flatcar/stable/amd64-usr/current/version.txt');
    expect(await syncInChild(child)).toMatchObject({ kind: 'done', value: { failed: 1 } });
  });

  it('ends when it is told to, and says so; who comes meanwhile is told that it is busy', async () => {
    const setup = await makeSetup();
    serveFlatcar(setup, '4593.2.5');
    const kernel = `${flatcarFolder('4593.2.5')}/${FLATCAR.kernel}`;
    setup.upstream.failAlways(kernel, silence);
    const stop = new AbortController();
    const child = { self: SELF, settings: settingsOf(setup), emit: () => undefined, signal: stop.signal, log: SILENT };
    const running = syncInChild(child);
    await vi.waitFor(
      () => {
        expect(setup.upstream.requests).toContain(`HEAD ${kernel}`);
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
});

it('a sync whose server was killed stops, and leaves its lock to the next', { timeout: 60_000 }, async () => {
  const setup = await makeSetup();
  serveFlatcar(setup, '4593.2.5');
  const kernel = `${flatcarFolder('4593.2.5')}/${FLATCAR.kernel}`;
  setup.upstream.failAlways(kernel, silence);
  const words = [...SELF.slice(1), 'sync', '--ipc', ...flagsOf(settingsOf(setup))];
  const script = `const c = require('child_process').spawn(process.execPath, ${JSON.stringify(words)}, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }); console.log(c.pid)`;
  const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  server.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await setup.upstream.asked(`HEAD ${kernel}`);
  server.kill('SIGKILL');
  await vi.waitFor(
    () => {
      expect(() => process.kill(Number(out.trim()), 0)).toThrow('ESRCH');
    },
    { timeout: 30_000 },
  );
});

it('the server hears of a rollout that the sync began, and tells its machines', { timeout: 60_000 }, async () => {
  const all = { phone_home: true, boot_timeout: 300, rollout: ROLLOUT, nodes: nodes(30) };
  const setup = await makeSetup({
    'configs/w.ign': '{"ignition": {"version": "3.3.0"}}',
    'profiles/w.json': { system: 'flatcar', channel: 'stable', version: '4081.2.0', ignition: 'w.ign', ...all },
  });
  serveFlatcar(setup, OLD);
  // Its own release is not here: it gets the first one at once.
  await setup.sync();
  serveFlatcar(setup, NEW);
  const settings = settingsOf(setup);
  const appContext = await openContext(settings, SILENT);
  await appContext.catalog.refresh();
  await appContext.rollouts.start();
  const steps: string[] = [];
  appContext.rollouts.onStep(({ text }) => steps.push(text));
  const recorder = { sync: () => undefined };
  const service = createSyncService({ settings, appContext, log: SILENT, self: SELF, recorder });
  onTestFinished(async () => {
    await service.stop(AbortSignal.timeout(1000));
    await appContext.rollouts.stop(AbortSignal.timeout(1000));
  });
  await service.start();
  service.runNow();
  await vi.waitFor(
    () => {
      expect(appContext.catalog.current().rollouts.get('w')?.to).toBe(NEW);
    },
    { timeout: 50_000 },
  );
  expect(steps).toEqual([`${NEW} goes on, canaries`]);
});
