import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SILENT, type Log } from '../../src/model/service.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';
import { flagsOf, syncInChild } from '../../src/releases/sync-child.ts';
import { settingsFor } from '../support/app-context.ts';

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
    const all = { self: acting(script), settings, emit, signal, log, grace: 60_000, ...more };
    const end = await syncInChild(all).catch((error: unknown) => error);
    return { events, logged, end };
  }

  it('dies in the middle of a line, with garbage on standard output: a failure, and no more', async () => {
    const { end, events } = await run(
      `process.stdout.write('{"kind":"pub'); process.stderr.write('boom'); say({ kind: 'note', target: 'a', message: 'm' }, () => process.kill(process.pid, 'SIGKILL'))`,
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
    const script = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;
    const { end } = await run(script, { silence: 500, grace: 200 });
    expect(end).toMatchObject({ code: 'unavailable', message: expect.stringContaining('no sign of life') as string });
  });

  it('leaves a process behind that holds its pipes open: that is not waited for', async () => {
    const { end } = await run(
      `require('child_process').spawn('sleep', ['20'], { stdio: ['ignore', 1, 2], detached: true }).unref(); ${DONE}`,
      { grace: 200 },
    );
    expect(end).toEqual({ kind: 'done', value: REPORT });
  });

  it('a stop that comes before the start starts nothing', async () => {
    const { end } = await run(DONE, { signal: AbortSignal.abort() });
    expect(end).toMatchObject({ code: 'unavailable', message: 'the sync was stopped' });
  });

  it('cannot be started: a failure', async () => {
    const { end } = await run('', { self: ['/nonexistent/node'] });
    expect(end).toMatchObject({ code: 'unavailable', message: 'the sync could not be started' });
    expect((end as Error).cause).toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['process.exitCode = 3', 'the sync ended early: status 3'],
    [`process.kill(process.pid, 'SIGKILL')`, 'the sync ended early: status null'],
    [`console.error(' why '); process.exitCode = 1`, 'the sync ended early: why'],
  ])('ends without its report (%s): what it said is told, else how it ended', async (script, message) => {
    expect((await run(script)).end).toMatchObject({ code: 'unavailable', message });
  });

  it('says more than is kept: the end of it is', async () => {
    const { end } = await run(`process.stderr.write('a'.repeat(3000) + 'b'.repeat(1999))`);
    expect((end as Error).message).toBe(`the sync ended early: a${'b'.repeat(1999)}`);
  });

  it('another one holds the lock: busy, with its last line, without the name of the program', async () => {
    const { end } = await run(
      `console.error('first\\npilotlight: it is pilotlight: the other\\n'); process.exitCode = 75`,
    );
    expect(end).toEqual({ kind: 'busy', message: 'it is pilotlight: the other' });
    expect((await run('process.exitCode = 75')).end).toEqual({ kind: 'busy', message: '' });
  });

  it('is stopped on its way: by SIGTERM, and what it reports then does not count', async () => {
    const stop = new AbortController();
    const emit = (): void => {
      stop.abort();
    };
    const script = `process.on('SIGTERM', () => { console.error('term'); ${DONE} process.exit(0) }); ${NOTE} setInterval(() => {}, 1000)`;
    const { end } = await run(script, { emit, signal: stop.signal, grace: 60_000 });
    expect(end).toMatchObject({ code: 'unavailable', message: 'the sync was stopped' });
  });

  it('is told whether older versions are wanted, and everything else as flags', async () => {
    const told = `say({ kind: 'note', target: 'a', message: process.argv.slice(1).join(' ') }); ${DONE}`;
    const self = [...acting(told), '--'];
    const flags = flagsOf(settings).join(' ');
    const said = async (wishes?: { readonly allowDowngrade?: boolean }) => (await run('', { self, wishes })).events[0];
    expect(await said()).toMatchObject({ message: `sync --ipc ${flags}` });
    expect(await said({ allowDowngrade: false })).toMatchObject({ message: `sync --ipc ${flags}` });
    expect(await said({ allowDowngrade: true })).toMatchObject({ message: `sync --ipc --allow-downgrade ${flags}` });
  });

  it('gives signs of life: it is waited for as long as it does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const notes: SyncEvent[] = [];
    const emit = (event: SyncEvent): void => {
      notes.push(event);
      if (event.kind === 'note') vi.advanceTimersByTime(299_999);
    };
    const { end } = await run(`${NOTE} ${NOTE} ${NOTE} ${DONE}`, { emit });
    expect(end).toEqual({ kind: 'done', value: REPORT });
    expect(notes).toHaveLength(4);
    const silent = (event: SyncEvent): void => {
      if (event.kind === 'note') vi.advanceTimersByTime(300_000);
    };
    expect((await run(`${NOTE} setInterval(() => {}, 1000)`, { emit: silent })).end).toMatchObject({
      code: 'unavailable',
      message: 'the sync gave no sign of life for 300 s and was ended',
    });
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
  const images = { ...settings, imagesDir: '/big', sync: { ...settings.sync, allowSha1: true } };
  expect(flagsOf(images).join(' ')).toBe('--data-dir /data --images-dir /big --keep-releases 2 --allow-sha1 on');
});
