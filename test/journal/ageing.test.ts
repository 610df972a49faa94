import { expect, test } from 'vitest';
import { DAY, document, macOf, MINUTE, openSetup, operator, phoneHome, script, T, tftp, type Setup } from './setup.ts';
import { prepare, transaction } from '../../src/journal/sqlite.ts';

/** Slices until nothing is left to do; how many. */
function age({ store }: Setup, now: number): number {
  let slices = 0;
  while (store.age(now)) {
    slices += 1;
    expect(slices).toBeLessThan(100);
  }
  return slices;
}

function count({ db }: Setup, table: string): number {
  return prepare<[], { n: number }>(db, `SELECT count(*) AS n FROM ${table}`).get()?.n ?? NaN;
}

test('events and boots go with their days, machines stay', () => {
  const at = openSetup({ days: 10 });
  at.feed(script(T, 1, 'boot'), phoneHome(T + 5, 1));
  at.feed(script(T + 5 * DAY, 1, 'boot', { body: 'new' }), script(T + 5 * DAY, 2, 'boot'));
  expect(age(at, T + 10 * DAY)).toBe(0);
  age(at, T + 10 * DAY + 6);
  expect([count(at, 'event'), count(at, 'boot'), count(at, 'machine')]).toEqual([2, 2, 2]);
  age(at, T + 16 * DAY);
  expect([count(at, 'event'), count(at, 'boot'), count(at, 'machine')]).toEqual([0, 0, 2]);
  const history = at.store.machine(macOf(1), T);
  expect(history).toMatchObject({ row: { boots: [5], profile: 'workers', firstSeen: T }, boots: [] });
});

test('a boot that is going on keeps its place', () => {
  const at = openSetup({ days: 10 });
  at.feed(script(T, 1, 'boot'), document(T + 9 * DAY, 1));
  age(at, T + 15 * DAY);
  expect([count(at, 'event'), count(at, 'boot')]).toEqual([1, 1]);
  at.feed(phoneHome(T + 15 * DAY, 1));
  expect(at.store.machine(macOf(1), T)?.boots).toMatchObject([
    { events: [{ kind: 'document' }, { kind: 'phone-home' }] },
  ]);
});

test('a machine whose boots are gone begins a new one, with the same words as before', () => {
  const at = openSetup({ days: 1 });
  at.feed(script(T, 1, 'boot'));
  age(at, T + 3 * DAY);
  at.feed(document(T + 3 * DAY, 1), script(T + 3 * DAY + 1, 1, 'boot'));
  expect(at.store.machine(macOf(1), T)?.boots).toHaveLength(2);
  expect(at.store.machine(macOf(1), T)?.boots[0]?.events).toHaveLength(1);
});

test("the number of a boot that is gone may be another machine's", () => {
  const at = openSetup({ days: 1 });
  at.feed(script(T, 1, 'boot'));
  age(at, T + 3 * DAY);
  at.feed(script(T + 3 * DAY, 2, 'boot'), document(T + 3 * DAY, 1));
  expect(at.store.machine(macOf(2), T)?.boots).toMatchObject([{ id: 1, events: [{ kind: 'script' }] }]);
  expect(at.store.machine(macOf(1), T)?.boots).toMatchObject([{ id: 2, events: [{ kind: 'document' }] }]);
});

test('texts stay thirty days after they were sent last, or as long as the rest', () => {
  for (const [days, kept] of [
    [90, 30],
    [10, 10],
  ] as const) {
    const at = openSetup({ days });
    at.feed(script(T, 1, 'boot', { body: 'old' }), script(T, 2, 'boot', { body: 'again' }));
    at.feed(script(T + 5 * DAY, 3, 'boot', { body: 'again' }));
    age(at, T + kept * DAY);
    expect(count(at, 'sent')).toBe(2);
    age(at, T + kept * DAY + 1);
    expect(count(at, 'sent')).toBe(1);
    age(at, T + (kept + 5) * DAY + 1);
    expect(count(at, 'sent')).toBe(0);
    // And what is sent then is kept again.
    at.feed(script(T + 60 * DAY, 1, 'boot', { body: 'again' }));
    expect(count(at, 'sent')).toBe(1);
  }
});

test('what belongs to nobody goes after five minutes, what an operator did with the rest', () => {
  const at = openSetup({ days: 10 });
  at.feed(tftp(T, 1), operator(T, 2, 'adopt'));
  age(at, T + 5 * MINUTE);
  expect(count(at, 'stray')).toBe(2);
  age(at, T + 5 * MINUTE + 1);
  expect(count(at, 'stray')).toBe(1);
  age(at, T + 11 * DAY);
  expect(count(at, 'stray')).toBe(0);
});

test('runs of the sync go with their steps', () => {
  const at = openSetup({ days: 10 });
  for (const run of [T, T + 5 * DAY]) {
    at.store.write([{ step: { at: run, run, event: { kind: 'published', target: 't', shelf: 's' } } }]);
  }
  age(at, T + 11 * DAY);
  expect([count(at, 'sync_run'), count(at, 'sync_step')]).toEqual([1, 1]);
});

test('many go in slices, and a younger one among them does not stop it', () => {
  const at = openSetup({ days: 1 });
  const insert = at.db.prepare("INSERT INTO event (boot, at, kind, ok, times) VALUES (?, ?, 'dhcp', 1, 1)");
  transaction(at.db, () => {
    for (let n = 0; n < 9000; n += 1) insert.run(1, n === 5 ? T + 3 * DAY : T);
  });
  expect(age(at, T + 2 * DAY)).toBe(5);
  expect(count(at, 'event')).toBe(1);
});
