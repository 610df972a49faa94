import { expect, onTestFinished, test } from 'vitest';
import { type Channel, JournalDatabase } from '../../src/journal/database.ts';
import { LivingJournal } from '../../src/journal/living-journal.ts';
import { databaseFile, listeningLog, macOf, script, T } from './setup.ts';

// A server opens its journal when it listens: the thread is half of the work of a start, and no machine waits for it.

const NEVER = new AbortController().signal;

async function setup(after: Promise<void>): Promise<{ readonly journal: LivingJournal; readonly calls: string[] }> {
  const real = new JournalDatabase({ file: databaseFile(), days: 30 });
  const calls: string[] = [];
  const channel: Channel = {
    call: async (request, ...args) => {
      calls.push(request);
      return await real.call(request, ...args);
    },
    end: async () => {
      await real.end();
    },
  };
  const journal = new LivingJournal(channel, listeningLog().log, { now: () => T, flushMs: 5, after });
  await journal.start();
  onTestFinished(async () => {
    await journal.stop(NEVER);
  });
  return { journal, calls };
}

const forEver = new Promise<void>(() => undefined);

test('the database is opened when its turn comes', async () => {
  let pass = (): void => undefined;
  const { journal, calls } = await setup(new Promise((resolve) => (pass = resolve)));
  journal.know([{ key: macOf(7), name: 'n7', profile: 'p', version: '1' }]);
  expect([calls, journal.status()]).toEqual([[], { on: true, lost: 0 }]);
  pass();
  await expect.poll(() => calls).toEqual(['open', 'know']);
});

test('or when something is asked before', async () => {
  const { journal, calls } = await setup(forEver);
  expect((await journal.machines({ limit: 1 })).machines).toEqual([]);
  expect(calls).toEqual(['open', 'machines']);
});

test('or written', async () => {
  const { journal, calls } = await setup(forEver);
  journal.record(script(T, 1, 'boot'));
  await expect.poll(() => calls).toEqual(['open', 'write']);
});

test('one that ends before its turn has written what it took', async () => {
  const { journal, calls } = await setup(forEver);
  journal.record(script(T, 1, 'boot'));
  await journal.stop(NEVER);
  expect(calls).toEqual(['open', 'write']);
});
