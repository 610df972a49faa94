import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Channel, JournalDatabase } from '../../src/journal/database.ts';
import { DatabaseFailure } from '../../src/journal/database-failure.ts';
import type { JournalTimes, KnownNode } from '../../src/journal/journal.ts';
import { countOf, type Entry } from '../../src/journal/queue.ts';
import { LivingJournal } from '../../src/journal/living-journal.ts';
import { DAY, databaseFile, listeningLog, macOf, phoneHome, refused, script, T, type Said } from './setup.ts';

const NEVER = new AbortController().signal;

interface Setup {
  readonly journal: LivingJournal;
  readonly said: Said[];
  /** What the database refuses from now on; undefined: nothing. */
  readonly refuse: (why: DatabaseFailure | TypeError | undefined, times?: number) => void;
  readonly calls: string[];
}

async function setup(times: JournalTimes = {}, file = databaseFile()): Promise<Setup> {
  const { log, said } = listeningLog();
  const real = new JournalDatabase({ file, days: 30 });
  let refused: Error | undefined;
  let left = 0;
  const calls: string[] = [];
  const channel: Channel = {
    call: async (request, ...args) => {
      calls.push(request);
      left -= 1;
      if (refused !== undefined && left >= 0) throw refused;
      return await real.call(request, ...args);
    },
    end: async () => {
      await real.end();
    },
  };
  const journal = new LivingJournal(channel, log, { now: () => T, flushMs: 5, retryMs: 1e6, ...times });
  await journal.start();
  onTestFinished(async () => {
    await journal.stop(NEVER);
  });
  const refuse = (why: Error | undefined, times = Infinity): void => {
    refused = why;
    left = times;
  };
  return { journal, said, refuse, calls };
}

async function keys(journal: LivingJournal): Promise<readonly string[]> {
  return (await journal.machines({ limit: 10 })).machines.map(({ key }) => key);
}

function lost(reason: 'fast' | 'off' | 'mistakes', events: number): object {
  return { lost: events, losses: { fast: 0, off: 0, mistakes: 0, [reason]: events } };
}

test('what is recorded is there a moment later, also what came before the database was open', async () => {
  const { journal } = await setup();
  journal.record(script(T, 1, 'boot'));
  journal.sync({ at: T, run: T, event: { kind: 'published', target: 't', shelf: 's' } });
  await journal.flushed();
  expect(await keys(journal)).toEqual([macOf(1)]);
  expect(await journal.syncRuns(5)).toHaveLength(1);
  const digest = (await journal.machine(macOf(1)))?.boots[0]?.events[0]?.digest ?? '';
  expect(Buffer.from((await journal.sent(digest)) ?? []).toString()).toContain('#!ipxe');
  expect(journal.status()).toEqual({ on: true, lost: 0 });
});

test('nobody waits: it goes out by itself, and those who watch hear of whom', async () => {
  const { journal } = await setup();
  const heard: string[][] = [];
  const end = journal.onWritten((machines) => heard.push([...machines]));
  journal.onWritten(() => {
    throw new TypeError('a watcher fails');
  });
  journal.record(script(T, 1, 'boot'));
  journal.record(script(T, 2, 'boot'));
  await expect.poll(() => heard).toEqual([[macOf(1), macOf(2)]]);
  end();
  journal.record(script(T, 3, 'boot'));
  await journal.flushed();
  expect(heard).toHaveLength(1);
});

test('nothing is asked of the database while nothing happens', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { calls } = await setup();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(calls).toEqual(['open']);
});

test('before the start and after the end it is off, takes nothing back, and never throws', async () => {
  const { journal } = await setup();
  journal.record(script(T, 1, 'boot'));
  await journal.stop(NEVER);
  await journal.stop(NEVER);
  journal.record(script(T, 1, 'boot'));
  journal.sync({ at: T, run: T, event: { kind: 'published', target: 't', shelf: 's' } });
  journal.know([]);
  await journal.flushed();
  expect(journal.status()).toEqual({ on: false, why: 'it has been stopped', ...lost('off', 2) });
  await expect(journal.machines({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' });
  const fresh = new LivingJournal(new JournalDatabase({ file: databaseFile(), days: 1 }), listeningLog().log, {});
  expect(fresh.status()).toEqual({ on: false, why: 'it has not been started', lost: 0 });
  await fresh.stop(NEVER);
});

test('the end waits for what was recorded', async () => {
  const file = databaseFile();
  const { journal } = await setup({ flushMs: 1e6 }, file);
  journal.record(script(T, 1, 'boot'));
  await journal.stop(NEVER);
  const again = await setup({}, file);
  expect(await keys(again.journal)).toEqual([macOf(1)]);
});

test('a full queue counts what it loses', async () => {
  const { journal } = await setup({ flushMs: 1e6, limits: { entries: 2, bytes: 1e6 } });
  await journal.flushed();
  for (let n = 0; n < 5; n += 1) journal.record(refused(T, n));
  journal.sync({ at: T, run: T, event: { kind: 'published', target: 't', shelf: 's' } });
  expect(journal.status()).toEqual({ on: true, ...lost('fast', 4) });
});

test('no space: off, said once, counted; on again when there is some, with the nodes it was told', async () => {
  const { journal, said, refuse, calls } = await setup({ retryMs: 10 });
  const node: KnownNode = { key: macOf(9), name: 'w9', profile: 'p', version: '1' };
  await journal.flushed();
  refuse(new DatabaseFailure('unusable', 'no space left for state/pilotlight.db'));
  const told = script(T, 1, 'boot');
  for (let n = 0; n < 7; n += 1) journal.record(told);
  await journal.flushed();
  const off = { on: false, why: 'no space left for state/pilotlight.db' };
  expect(journal.status()).toEqual({ ...off, ...lost('off', 7) });
  await expect(journal.machine('x')).rejects.toMatchObject({ code: 'unavailable', message: /off: no space left/ });
  journal.record(told);
  journal.know([node]);
  expect(journal.status()).toEqual({ ...off, ...lost('off', 8) });
  await expect.poll(() => calls.filter((call) => call === 'open').length).toBeGreaterThan(3);
  expect(said.map(({ level, message }) => [level, message])).toEqual([
    ['error', 'the journal is off; machines boot all the same'],
  ]);
  refuse(undefined);
  await expect.poll(() => journal.status().on).toBe(true);
  expect(said.at(-1)).toMatchObject({ level: 'warn', message: 'the journal is on again', fields: { lost: 8 } });
  journal.record(phoneHome(T, 1));
  await journal.flushed();
  await expect.poll(() => keys(journal)).toEqual([macOf(1), macOf(9)]);
  expect(journal.status()).toEqual({ on: true, ...lost('off', 8) });
});

test('off from the beginning is off until it works', async () => {
  const file = databaseFile();
  mkdirSync(file, { recursive: true });
  const { journal, said } = await setup({ retryMs: 5 }, file);
  await journal.flushed();
  expect(journal.status()).toMatchObject({ on: false, why: expect.stringContaining('state/pilotlight.db') as string });
  expect(said).toHaveLength(1);
  rmSync(file, { recursive: true });
  await expect.poll(() => journal.status().on).toBe(true);
});

test('another reason is said, too', async () => {
  const { journal, said, refuse, calls } = await setup({ retryMs: 5 });
  await journal.flushed();
  refuse(new DatabaseFailure('unusable', 'one'));
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  refuse(new DatabaseFailure('driver', 'two'));
  const before = calls.length;
  await expect.poll(() => calls.length).toBeGreaterThan(before + 2);
  expect(said.map(({ fields }) => fields['problem'])).toEqual(['one', 'two']);
});

test('a damaged database is put aside loudly, and what was to be written is in the new one', async () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  writeFileSync(file, 'no database');
  const { journal, said } = await setup({}, file);
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  expect(await keys(journal)).toEqual([macOf(1)]);
  expect(said).toMatchObject([
    {
      level: 'error',
      message: 'the damaged journal was put aside, a new one begins',
      fields: { problem: 'state/pilotlight.db is no database', removed: [] },
    },
  ]);
  expect(readdirSync(dirname(file)).some((name) => name.startsWith('pilotlight.db.broken-'))).toBe(true);
});

test('removed while we write: a new one, with what was to be written and the nodes', async () => {
  const file = databaseFile();
  const { journal, said } = await setup({}, file);
  journal.know([{ key: macOf(9), name: 'w9', profile: 'p', version: '1' }]);
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true });
  journal.record(script(T, 2, 'boot'));
  await journal.flushed();
  await expect.poll(() => keys(journal)).toEqual([macOf(2), macOf(9)]);
  expect(said).toMatchObject([{ level: 'error', message: 'the journal is gone, a new one begins' }]);
  expect(journal.status()).toEqual({ on: true, lost: 0 });
});

test('busy is waited for three times, then it is off', async () => {
  const { journal, refuse, calls } = await setup();
  await journal.flushed();
  refuse(new DatabaseFailure('busy', 'held by another program'));
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  expect(calls.filter((call) => call === 'write')).toHaveLength(3);
  expect(journal.status()).toEqual({ on: false, why: 'held by another program', ...lost('off', 1) });
});

test('busy for a moment costs nothing', async () => {
  const { journal, refuse, calls, said } = await setup();
  await journal.flushed();
  refuse(new DatabaseFailure('busy', 'held by another program'), 2);
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  expect(calls.filter((call) => call === 'write')).toHaveLength(3);
  expect(journal.status()).toEqual({ on: true, lost: 0 });
  expect([await keys(journal), said]).toEqual([[macOf(1)], []]);
});

test('a mistake costs its batch, is told, and does not turn it off', async () => {
  const { journal, refuse, said } = await setup();
  await journal.flushed();
  refuse(new TypeError('a mistake'));
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  expect(journal.status()).toEqual({ on: true, ...lost('mistakes', 1) });
  expect(said).toMatchObject([{ level: 'error', message: 'the journal made a mistake' }]);
});

test('a wrong question does not turn it off', async () => {
  const { journal } = await setup();
  await expect(journal.machines({ limit: 1, after: 'x' })).rejects.toMatchObject({ code: 'invalid' });
  expect(journal.status().on).toBe(true);
});

test('only the newest list of nodes counts, however long it is', async () => {
  const { journal } = await setup();
  const list = (profile: string, size: number): KnownNode[] =>
    Array.from({ length: size }, (_, n) => ({ key: `serial:${n}`, name: `n${n}`, profile, version: '1' }));
  await journal.flushed();
  journal.know(list('old', 3500));
  journal.know(list('new', 2500));
  await expect.poll(async () => (await journal.machines({ limit: 1, profile: 'new' })).states.assigned).toBe(2500);
  expect((await journal.machines({ limit: 1, profile: 'old' })).machines).toEqual([]);
});

test('it ages by itself', async () => {
  const { journal } = await setup({ ageMs: 20, now: () => T + 40 * DAY });
  journal.record(script(T, 1, 'boot'));
  await journal.flushed();
  await expect.poll(async () => (await journal.machine(macOf(1)))?.boots).toEqual([]);
});

test('what is asked for durably is answered', async () => {
  const { journal } = await setup();
  expect(await journal.discovery.read()).toEqual({ index: 0, tokens: [] });
});

test('an end that is forced does not wait', async () => {
  const { journal, refuse } = await setup();
  await journal.flushed();
  journal.record(script(T, 1, 'boot'));
  refuse(undefined);
  await journal.stop(AbortSignal.abort());
  expect(journal.status().on).toBe(false);
});

/** A channel whose batches end when they are told to. */
function heldChannel(): { channel: Channel; batches: (readonly Entry[])[]; done: () => Promise<void> } {
  const batches: (readonly Entry[])[] = [];
  let finish: ((written: unknown) => void) | undefined;
  const call = async (request: string, ...[batch]: readonly unknown[]) => {
    if (request !== 'write') return {};
    batches.push(batch as readonly Entry[]);
    return await new Promise((resolve) => (finish = resolve));
  };
  const done = async (): Promise<void> => {
    finish?.({ machines: [], lost: 0, newcomers: 0, removed: 0 });
    await new Promise(setImmediate);
  };
  return { channel: { call: call as never, end: async () => undefined }, batches, done };
}

async function heldJournal(flushMs = 1e6) {
  const held = heldChannel();
  const journal = new LivingJournal(held.channel, listeningLog().log, { now: () => T, flushMs });
  await journal.start();
  await journal.flushed();
  return { journal, ...held };
}

test('one batch at a time, until all that was due is written', async () => {
  const { journal, batches, done } = await heldJournal();
  for (let n = 0; n < 900; n += 1) journal.record(refused(T, 1, `/${n}`));
  const flushed = Promise.all([journal.flushed(), journal.flushed()]);
  await new Promise(setImmediate);
  expect(batches).toHaveLength(1);
  await done();
  expect(batches).toHaveLength(2);
  await done();
  await done();
  await flushed;
  expect(batches.map((batch) => batch.length)).toEqual([400, 400, 100]);
});

test('flushed: what was recorded before is written, what came later may wait', async () => {
  const { journal, batches, done } = await heldJournal();
  journal.record(refused(T, 1));
  let written = false;
  const waiting = journal.flushed().then(() => (written = true));
  await new Promise(setImmediate);
  journal.record(refused(T, 1, '/later'));
  expect(written).toBe(false);
  await done();
  await waiting;
  expect(batches).toHaveLength(1);
});

test('a moment after an event it goes out by itself', async () => {
  const { journal, batches } = await heldJournal(5);
  journal.record(refused(T, 1));
  journal.sync({ at: T, run: T, event: { kind: 'published', target: 't', shelf: 's' } });
  expect(batches).toHaveLength(0);
  await expect.poll(() => batches.map((batch) => batch.length)).toEqual([2]);
});

test('turned off, what waits is given up, and what is on its way is waited for', async () => {
  const { journal, batches, done } = await heldJournal();
  const told = script(T, 1, 'boot');
  for (const event of [refused(T, 1), told, told]) journal.record(event);
  const waiting = journal.flushed();
  await new Promise(setImmediate);
  expect(countOf(batches[0] ?? [])).toBe(3);
  for (const event of [told, told]) journal.record(event);
  await journal.stop(AbortSignal.abort());
  expect(journal.status()).toMatchObject(lost('off', 2));
  await done();
  await waiting;
  expect(batches).toHaveLength(1);
});
