import { DatabaseSync } from '@photostructure/sqlite';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { createJournal, NO_JOURNAL, openJournalDirectly } from '../../src/journal/create-journal.ts';
import type { Journal, JournalTimes } from '../../src/journal/journal.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';
import { databaseFile, EXEC_ARGV, listeningLog, macOf, phoneHome, script, T, tftp, type Said } from './setup.ts';
import { pragma, prepare } from '../../src/journal/sqlite.ts';

const NEVER = new AbortController().signal;
const CHILD = fileURLToPath(new URL('./recording-child.ts', import.meta.url));
const TOP = fileURLToPath(new URL('../..', import.meta.url));

interface Setup {
  readonly journal: Journal;
  readonly said: readonly Said[];
}

async function setup(file: string, times: JournalTimes = {}, execArgv: readonly string[] = EXEC_ARGV): Promise<Setup> {
  const { log, said } = listeningLog();
  const journal = createJournal({ file, days: 30, log, now: () => T, flushMs: 20, ...times }, execArgv);
  await journal.start();
  onTestFinished(async () => {
    await journal.stop(NEVER);
  });
  return { journal, said };
}

async function keys(journal: Journal): Promise<readonly string[]> {
  return (await journal.machines({ limit: 100 })).machines.map(({ key }) => key);
}

/** The child's last words, when it ends by itself. */
async function runChild(command: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}

test('on a thread inside vitest: recorded, written, read, asked for', async () => {
  const { journal, said } = await setup(databaseFile());
  journal.know([{ key: macOf(2), name: 'w2', profile: 'p', version: '1' }]);
  journal.record(tftp(T, 1));
  const told = script(T + 1, 1, 'boot');
  for (let n = 0; n < 10; n += 1) journal.record(told);
  journal.record(phoneHome(T + 50, 1));
  await journal.flushed();
  const history = await journal.machine(macOf(1));
  expect(history?.boots[0]?.events.map(({ kind, times }) => `${kind} ${times}`)).toEqual([
    'tftp 1',
    'script 10',
    'phone-home 1',
  ]);
  const digest = history?.boots[0]?.events[1]?.digest ?? '';
  expect(Buffer.from((await journal.sent(digest)) ?? []).toString()).toBe('#!ipxe\n# boot\n');
  expect(await keys(journal)).toEqual([macOf(1), macOf(2)]);
  expect(await journal.discovery.read()).toEqual({ index: 0, tokens: [] });
  await expect(journal.machines({ limit: 1, after: 'x' })).rejects.toMatchObject({ code: 'invalid' });
  expect(said).toEqual([]);
});

test('on a thread of a process that runs from its source', async () => {
  const file = databaseFile();
  const status = await runChild(process.execPath, ['--import', 'tsx', CHILD, file, '20']);
  expect(status).toEqual({ on: true, lost: 0 });
  expect(await keys((await setup(file)).journal)).toHaveLength(50);
});

test('on a thread of a compiled program', async () => {
  // Outside the checkout, so that a build of somebody else at this moment does not matter.
  const out = mkdtempSync(join(TOP, 'node_modules', '.journal-'));
  onTestFinished(() => {
    rmSync(out, { recursive: true, force: true });
  });
  const entries = ['create-journal', 'worker'].map((name) => join(TOP, 'src/journal', `${name}.ts`));
  buildSync({ entryPoints: entries, outdir: join(out, 'journal'), bundle: true, packages: 'external', format: 'esm' });
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  const program = `
    import { createJournal } from ${JSON.stringify(join(out, 'journal/create-journal.js'))};
    const log = { debug() {}, info() {}, warn() {}, error: (fields) => console.error(fields) };
    const journal = createJournal({ file: ${JSON.stringify(databaseFile())}, days: 1, log });
    await journal.start();
    journal.record({ kind: 'installed', at: 5, facts: { mac: '52:54:00:00:00:01' } });
    await journal.flushed();
    const page = await journal.machines({ limit: 1 });
    await journal.stop(new AbortController().signal);
    console.log(JSON.stringify(page.machines));`;
  writeFileSync(join(out, 'try.mjs'), program);
  expect(await runChild(process.execPath, ['--max-old-space-size=256', join(out, 'try.mjs')])).toMatchObject([
    { state: 'installed' },
  ]);
});

test('a process that has nobody to keep waiting has no thread', async () => {
  const file = databaseFile();
  const { log, said } = listeningLog();
  const journal = await openJournalDirectly({ file, days: 30, log, now: () => T });
  expect(journal.status()).toEqual({ on: true, lost: 0 });
  journal.record(script(T, 1, 'boot'));
  await journal.stop(NEVER);
  expect(await keys((await setup(file)).journal)).toEqual([macOf(1)]);
  expect(said).toEqual([]);
});

test('opened directly where it cannot be: off, with its reason', async () => {
  const file = databaseFile();
  mkdirSync(file, { recursive: true });
  const journal = await openJournalDirectly({ file, days: 30, log: listeningLog().log });
  expect(journal.status()).toMatchObject({ on: false, why: expect.stringContaining('state/pilotlight.db') as string });
  await journal.stop(NEVER);
});

test('without SQLite on this host it is off and says what to do', async () => {
  const out = mkdtempSync(join(tmpdir(), 'journal-'));
  onTestFinished(() => {
    rmSync(out, { recursive: true, force: true });
  });
  const block = `process.dlopen = () => {
    throw Object.assign(new Error('/srv/lib/libm.so.6: no version'), { code: 'ERR_DLOPEN_FAILED' });
  };`;
  writeFileSync(join(out, 'block.cjs'), block);
  const { journal, said } = await setup(databaseFile(), {}, [...EXEC_ARGV, '--require', join(out, 'block.cjs')]);
  await journal.flushed();
  expect(journal.status()).toMatchObject({
    on: false,
    why: expect.stringMatching(/cannot be loaded \(libm\.so\.6: no version\).*npm ci --include=optional/) as string,
  });
  expect(said).toHaveLength(1);
  await expect(journal.machines({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' });
});

test('a thread that dies turns it off; the next one goes on', async () => {
  const out = mkdtempSync(join(tmpdir(), 'journal-'));
  const flag = join(out, 'die');
  writeFileSync(flag, '');
  const bomb = `if (require('node:fs').existsSync(${JSON.stringify(flag)})) setTimeout(() => { throw new Error('struck'); }, 5);`;
  writeFileSync(join(out, 'bomb.cjs'), bomb);
  onTestFinished(() => {
    rmSync(out, { recursive: true, force: true });
  });
  const { journal } = await setup(databaseFile(), { retryMs: 30 }, [...EXEC_ARGV, '--require', join(out, 'bomb.cjs')]);
  await expect.poll(() => journal.status().why, { timeout: 10_000 }).toMatch(/thread ended by itself: struck/);
  rmSync(flag);
  await expect.poll(() => journal.status().on, { timeout: 10_000 }).toBe(true);
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  expect(await keys(journal)).toEqual([macOf(1)]);
});

test(
  'killed in the middle: the database is sound, and at most the last second is lost',
  { timeout: 60_000 },
  async () => {
    const file = databaseFile();
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let last = 0;
    let lines = 0;
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const words = chunk.toString().trim().split('\n');
        last = Number(words.at(-1));
        lines += words.length;
        if (lines > 40) resolve();
      });
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const db = new DatabaseSync(file);
    expect(pragma(db, 'integrity_check')).toBe('ok');
    const written = prepare<[], { at: number; n: number }>(
      db,
      'SELECT max(at) AS at, sum(times) AS n FROM event',
    ).get();
    expect(last - (written?.at ?? 0)).toBeLessThanOrEqual(1000);
    expect(written?.n).toBeGreaterThan(1000);
    db.close();
    expect(await keys((await setup(file)).journal)).toHaveLength(50);
  },
);

test('two processes write into one database', { timeout: 60_000 }, async () => {
  const file = databaseFile();
  const { journal } = await setup(file);
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  const child = runChild(process.execPath, ['--import', 'tsx', CHILD, file, '300']);
  const ended = new AbortController();
  const end = child.finally(() => {
    ended.abort();
  });
  for (let n = 0; !ended.signal.aborted; n += 1) {
    journal.record(script(T + n, 1 + (n % 9), 'boot', { body: String(n) }));
    await journal.flushed();
  }
  expect(await end).toEqual({ on: true, lost: 0 });
  expect(journal.status()).toEqual({ on: true, lost: 0 });
  // What the other one wrote is found here, too.
  expect((await journal.machines({ limit: 100, text: '52:54:00:00:01' })).machines).toHaveLength(50);
});

interface SmallDisk {
  readonly file: string;
  readonly remount: (how: string) => void;
}

function smallDisk(): SmallDisk {
  const folder = makeFolder();
  const disk = join(folder, 'state');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
  onTestFinished(() => {
    execFileSync('umount', ['-l', disk]);
  });
  const remount = (how: string): void => {
    execFileSync('mount', ['-o', `remount,${how}`, disk]);
  };
  return { file: join(disk, 'pilotlight.db'), remount };
}

const root = needs({ root: true, commands: ['mount', 'umount'] });

root.test('a full disk: off, said once, nothing thrown; with space again it goes on by itself', async () => {
  const { file, remount } = smallDisk();
  const { journal, said } = await setup(file, { retryMs: 50 });
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  let n = 0;
  while (journal.status().on && n < 50_000) {
    for (let i = 0; i < 100; i += 1) {
      n += 1;
      // Texts that cannot be packed.
      const body = Array.from({ length: 40 }, () => Math.random().toString(36)).join('');
      journal.record(script(T + n, 2, 'boot', { body }));
    }
    await journal.flushed();
  }
  expect(journal.status()).toMatchObject({ on: false, why: expect.stringMatching(/no space left/) as string });
  const { lost } = journal.status();
  expect(lost).toBeGreaterThan(0);
  for (let i = 0; i < 10; i += 1) journal.record(script(T + n, 1, 'boot'));
  expect(journal.status().lost).toBe(lost + 10);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(said.map(({ level }) => level)).toEqual(['error']);
  remount('size=64m');
  await expect.poll(() => journal.status().on, { timeout: 10_000 }).toBe(true);
  expect(said.map(({ level }) => level)).toEqual(['error', 'warn']);
  journal.record(script(T + n, 3, 'boot'));
  await journal.flushed();
  expect((await keys(journal)).toSorted()).toEqual([macOf(1), macOf(2), macOf(3)]);
});

root.test('a folder that may only be read: off; writable again it goes on', async () => {
  const { file, remount } = smallDisk();
  remount('ro');
  const { journal, said } = await setup(file, { retryMs: 50 });
  await journal.flushed();
  expect(journal.status()).toMatchObject({ on: false, why: expect.stringMatching(/may not be written/) as string });
  remount('rw');
  await expect.poll(() => journal.status().on, { timeout: 10_000 }).toBe(true);
  expect(said.map(({ level }) => level)).toEqual(['error', 'warn']);
});

test('no journal takes everything, says that it is off, and answers no question', async () => {
  await NO_JOURNAL.start();
  NO_JOURNAL.record({ kind: 'installed', at: 1 });
  NO_JOURNAL.know([]);
  NO_JOURNAL.onWritten(() => undefined)();
  await NO_JOURNAL.flushed();
  expect(NO_JOURNAL.status()).toMatchObject({ on: false, lost: 0 });
  const asked = [
    NO_JOURNAL.machines({ limit: 1 }),
    NO_JOURNAL.machine('x'),
    NO_JOURNAL.sent('x'),
    NO_JOURNAL.syncRuns(1),
    NO_JOURNAL.discovery.read(),
  ];
  for (const question of asked) await expect(question).rejects.toMatchObject({ code: 'unavailable' });
  await NO_JOURNAL.stop(AbortSignal.abort());
});
