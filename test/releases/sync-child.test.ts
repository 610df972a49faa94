import { spawn } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { flagsOf, syncInChild } from '../../src/releases/sync-child.ts';
import { SILENT, type Log } from '../../src/model/service.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';
import type { Settings } from '../../src/settings/settings.ts';
import { MAIN } from '../support/built.ts';
import { settingsFor } from '../support/house.ts';
import { makeStand, type SyncStand } from '../support/sync-stand.ts';
import { FLATCAR, flatcarFolder, serveFlatcar } from '../support/upstream-releases.ts';
import { silence } from '../support/upstream-faults.ts';

const SELF = [process.execPath, MAIN];

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
    const emit = (event: SyncEvent): void => {
      events.push(event);
    };
    const signal = new AbortController().signal;
    const child = { self: SELF, settings: settingsOf(stand), emit, signal, log: SILENT };
    expect(await syncInChild(child)).toMatchObject({ kind: 'done', value: { failed: 0 } });
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['plan', 'published', 'rewritten', 'done']));
    expect(stand.version('seed')).toBe('4593.2.5');
    stand.upstream.absent('/flatcar/stable/amd64-usr/current/version.txt');
    expect(await syncInChild(child)).toMatchObject({ kind: 'done', value: { failed: 1 } });
  });

  it('ends when it is told to, and says so; who comes meanwhile is told that it is busy', async () => {
    const stand = await makeStand();
    serveFlatcar(stand, '4593.2.5');
    const kernel = `${flatcarFolder('4593.2.5')}/${FLATCAR.kernel}`;
    stand.upstream.failAlways(kernel, silence);
    const stop = new AbortController();
    const child = { self: SELF, settings: settingsOf(stand), emit: () => undefined, signal: stop.signal, log: SILENT };
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
    const child = { settings: settingsOf(stand), emit: () => undefined, signal, log: SILENT };
    await expect(syncInChild({ ...child, self: ['/nonexistent/node'] })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(syncInChild({ ...child, self: [process.execPath, '-e', '0'] })).rejects.toThrow(
      'the sync ended early',
    );
  });
});

/** A sync process that does this instead; `say` is process.send. */
function acting(script: string): readonly string[] {
  return [process.execPath, '-e', `const say = (m) => process.send(m); ${script}`];
}

const REPORT = { targets: [], skipped: [], rewritten: [], removed: [], failed: 2 };
const DONE = `say(${JSON.stringify({ kind: 'done', report: REPORT })}, () => {});`;
const NOTE = `say({ kind: 'note', target: 'a', message: 'm' });`;

describe('a sync process that is not itself', { timeout: 60_000 }, () => {
  const settings = settingsFor('/data');

  async function run(script: string, more: Partial<Parameters<typeof syncInChild>[0]> = {}) {
    const events: SyncEvent[] = [];
    const logged: string[] = [];
    const note = (_: object, message: string): void => void logged.push(message);
    const log: Log = { ...SILENT, warn: note, error: note };
    const emit = (event: SyncEvent): void => void events.push(event);
    const signal = new AbortController().signal;
    const all = { self: acting(script), settings, emit, signal, log, grace: 200, ...more };
    const end = await syncInChild(all).catch((error: unknown) => error);
    return { events, logged, end };
  }

  it('dies in the middle of a line, with garbage on standard output: a failure, and no more', async () => {
    const { end, events } = await run(
      `${NOTE} process.stdout.write('{"kind":"pub'); process.stderr.write('boom'); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)`,
    );
    expect(end).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('the sync ended early') as string,
    });
    expect((end as Error).message).toContain('boom');
    expect(events).toEqual([{ kind: 'note', target: 'a', message: 'm' }]);
  });

  it('sends what is no event: it is left out, told once, and the run counts', async () => {
    const garbage = ['null', '7', '"x"', '[]', '{}', '{ kind: 7 }', '{ kind: "toString" }', '{ kind: "done" }', '{ kind: "done", report: { failed: 0 } }', '{ kind: "plan", targets: [null], skipped: [] }', '{ kind: "download", target: "t", file: "f", received: "x" }']; // prettier-ignore
    const { end, events, logged } = await run(
      `${garbage.map((one) => `say(${one});`).join('')} say({ kind: 'alive' }); ${NOTE} ${DONE}`,
    );
    expect(end).toEqual({ kind: 'done', value: REPORT });
    expect(events.map(({ kind }) => kind)).toEqual(['note', 'done']);
    expect(logged).toEqual([expect.stringContaining('no event of a sync')]);
  });

  it('meets a listener that throws: the others hear the rest, and the fault is logged', async () => {
    const emit = (): void => {
      throw new TypeError('a bug');
    };
    const { end, logged } = await run(`${NOTE} ${NOTE} ${DONE}`, { emit });
    expect(end).toEqual({ kind: 'done', value: REPORT });
    expect(logged).toHaveLength(3);
  });

  it('hangs and does not hear SIGTERM: it is killed', async () => {
    const { end } = await run(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`, { silence: 500 });
    expect(end).toMatchObject({ code: 'unavailable', message: expect.stringContaining('no sign of life') as string });
  });

  it('leaves a process behind that holds its pipes open: that is not waited for', async () => {
    const { end } = await run(
      `require('child_process').spawn('sleep', ['20'], { stdio: ['ignore', 1, 2], detached: true }).unref(); ${DONE}`,
    );
    expect(end).toEqual({ kind: 'done', value: REPORT });
  });

  it('a stop that comes before the start starts nothing', async () => {
    const { end } = await run(DONE, { signal: AbortSignal.abort() });
    expect(end).toMatchObject({ code: 'unavailable', message: 'the sync was stopped' });
  });
});

it('a sync whose server was killed stops, and leaves its lock to the next', { timeout: 60_000 }, async () => {
  const stand = await makeStand();
  serveFlatcar(stand, '4593.2.5');
  const kernel = `${flatcarFolder('4593.2.5')}/${FLATCAR.kernel}`;
  stand.upstream.failAlways(kernel, silence);
  const words = [...SELF.slice(1), 'sync', '--ipc', ...flagsOf(settingsOf(stand))];
  const script = `const c = require('child_process').spawn(process.execPath, ${JSON.stringify(words)}, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }); console.log(c.pid)`;
  const server = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  server.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await stand.upstream.asked(`HEAD ${kernel}`);
  server.kill('SIGKILL');
  await vi.waitFor(
    () => {
      expect(() => process.kill(Number(out.trim()), 0)).toThrow('ESRCH');
    },
    { timeout: 30_000 },
  );
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
