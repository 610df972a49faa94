import { expect, test } from 'vitest';
import { Addresses, HELD_MS } from '../../src/journal/addresses.ts';
import { openStand, script, T } from './stand.ts';

test('an address is the last user\u0027s, for a quarter of an hour', () => {
  const addresses = new Addresses(openStand().db);
  expect(addresses.holder('a', T)).toBeUndefined();
  addresses.used('a', 1, T);
  addresses.used('b', 2, T);
  expect([addresses.holder('a', T + HELD_MS), addresses.holder('a', T + HELD_MS + 1)]).toEqual([1, undefined]);
  addresses.used('a', 2, T + HELD_MS);
  expect(addresses.holder('a', T + HELD_MS + 1)).toBe(2);
});

test('what is forgotten is read from the machines: whoever used it last', () => {
  const { db, feed } = openStand();
  feed(script(T, 1, 'boot'), { ...script(T + 5, 2, 'boot'), from: '10.0.0.1' });
  const addresses = new Addresses(db);
  addresses.used('10.0.0.1', 7, T + 9);
  addresses.forget();
  expect(addresses.holder('10.0.0.1', T + 6)).toBe(2);
  expect(addresses.holder('10.0.0.1', T + 5 + HELD_MS + 1)).toBeUndefined();
});
