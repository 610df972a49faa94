import { expect, test } from 'vitest';
import { countOf, type Entry } from '../../src/journal/queue.ts';
import { Outbox } from '../../src/journal/outbox.ts';
import { refused, script, T } from './stand.ts';

interface Post {
  readonly outbox: Outbox;
  readonly batches: (readonly Entry[])[];
  readonly failures: unknown[];
  /** Lets the batch that is being written be done. */
  readonly done: () => Promise<void>;
}

function post(flushMs = 1e6, limits = { entries: 10_000, bytes: 1e6 }): Post {
  const batches: (readonly Entry[])[] = [];
  const failures: unknown[] = [];
  let finish: (() => void) | undefined;
  const outbox = new Outbox({
    ...{ flushMs, limits },
    write: (batch) => {
      batches.push(batch);
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
    failed: (error) => failures.push(error),
  });
  const done = async (): Promise<void> => {
    finish?.();
    await new Promise(setImmediate);
  };
  return { outbox, batches, failures, done };
}

test('nothing goes out before it opens, and then at once', () => {
  const { outbox, batches } = post();
  outbox.add(refused(T, 1));
  outbox.flush();
  expect(batches).toHaveLength(0);
  outbox.open();
  expect(batches).toHaveLength(1);
});

test('a moment after an event it goes out by itself; where there is none nothing goes', async () => {
  const { outbox, batches } = post(5);
  outbox.open();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(batches).toHaveLength(0);
  outbox.add(refused(T, 1));
  outbox.addStep({ at: T, run: T, event: { kind: 'published', target: 't', shelf: 's' } });
  expect(batches).toHaveLength(0);
  await expect.poll(() => batches.map((batch) => batch.length)).toEqual([2]);
});

test('one batch at a time, until all that was due is out', async () => {
  const { outbox, batches, done } = post();
  outbox.open();
  for (let n = 0; n < 900; n += 1) outbox.add(refused(T, 1, `/${n}`));
  outbox.flush();
  outbox.flush();
  expect(batches).toHaveLength(1);
  await done();
  expect(batches).toHaveLength(2);
  await done();
  await done();
  expect(batches.map((batch) => batch.length)).toEqual([400, 400, 100]);
});

test('settled: all that was taken before is written, what came later may wait', async () => {
  const { outbox, done } = post();
  outbox.open();
  await outbox.settled();
  outbox.add(refused(T, 1));
  let settled = false;
  const waiting = outbox.settled().then(() => (settled = true));
  outbox.add(refused(T, 1, '/later'));
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  await done();
  await waiting;
  expect(settled).toBe(true);
});

test('what is on its way is waited for', async () => {
  const { outbox, done } = post();
  outbox.open();
  outbox.add(refused(T, 1));
  outbox.flush();
  let settled = false;
  const waiting = outbox.settled().then(() => (settled = true));
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  await done();
  await waiting;
});

test('closed: what waits is given up, and nobody waits for it', async () => {
  const { outbox, batches, done } = post();
  outbox.open();
  const told = script(T, 1, 'boot');
  for (const event of [refused(T, 1), told, told]) outbox.add(event);
  const waiting = outbox.settled();
  expect(countOf(batches[0] ?? [])).toBe(3);
  for (const event of [told, told]) outbox.add(event);
  expect(outbox.close()).toBe(2);
  await done();
  await waiting;
  outbox.add(refused(T, 1));
  outbox.open();
  expect(batches).toHaveLength(2);
});

test('paused: what waits stays', async () => {
  const { outbox, batches, done } = post();
  outbox.open();
  outbox.add(refused(T, 1));
  outbox.flush();
  outbox.pause();
  outbox.add(refused(T, 1, '/b'));
  outbox.flush();
  await done();
  expect(batches).toHaveLength(1);
  outbox.open();
  expect(batches).toHaveLength(2);
});

test('full: it says no', () => {
  const { outbox } = post(1e6, { entries: 1, bytes: 10 });
  expect([outbox.add(refused(T, 1)), outbox.add(refused(T, 2))]).toEqual([true, false]);
  expect(outbox.addStep({ at: T, run: T, event: { kind: 'published', target: 't', shelf: 's' } })).toBe(false);
});

test('a mistake of the writer is heard, and the next batch goes out', async () => {
  const failures: unknown[] = [];
  let batches = 0;
  const outbox = new Outbox({
    flushMs: 1e6,
    write: async () => {
      batches += 1;
      if (batches === 1) throw new TypeError('a mistake');
    },
    failed: (error) => failures.push(error),
  });
  outbox.open();
  outbox.add(refused(T, 1));
  await outbox.settled();
  outbox.add(refused(T, 1));
  await outbox.settled();
  expect([batches, failures]).toEqual([2, [new TypeError('a mistake')]]);
});
