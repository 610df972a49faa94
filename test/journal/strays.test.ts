import { expect, test } from 'vitest';
import { STRAY_MS, Strays } from '../../src/journal/strays.ts';
import { document, entryOf, openStand, T, tftp } from './stand.ts';

test('those of one address since a moment, in their order, once', () => {
  const strays = new Strays(openStand().db);
  for (const [at, whose] of [
    [T, 'a'],
    [T + 1, 'a'],
    [T + 2, 'b'],
    [T + 3, 'a'],
  ] as const) {
    expect(strays.keep(whose, entryOf(tftp(at, 1)))).toBe(true);
  }
  expect(strays.take('c', 0)).toEqual([]);
  expect(strays.take('a', T + 1)).toEqual([entryOf(tftp(T + 1, 1)), entryOf(tftp(T + 3, 1))]);
  expect(strays.take('a', 0)).toEqual([]);
  expect(strays.take('b', 0)).toHaveLength(1);
});

test('a text comes back as it was', () => {
  const strays = new Strays(openStand().db);
  strays.keep('a', entryOf(document(T, 1, 'text')));
  const [entry] = strays.take('a', 0);
  expect(entry?.event).toEqual(document(T, 1, 'text'));
});

test('a scanner fills no disk: what is old makes room, what is new is refused', () => {
  const { db } = openStand();
  const strays = new Strays(db);
  db.transaction(() => {
    strays.keep('key:x', entryOf(tftp(T, 1)));
    for (let n = 1; n < 10_000; n += 1) strays.keep(String(n), entryOf(tftp(T, 1)));
    expect(strays.keep('late', entryOf(tftp(T + STRAY_MS, 1)))).toBe(false);
    expect(strays.keep('late', entryOf(tftp(T + STRAY_MS + 1, 1)))).toBe(true);
  })();
  expect(db.prepare('SELECT whose FROM stray').pluck().all()).toEqual(['key:x', 'late']);
});
