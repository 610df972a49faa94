import { expect, it } from 'vitest';
import { idleToken, isSize, isToken } from '../../src/etcd/tokens.ts';
import type { StoredToken } from '../../src/model/discovery.ts';

const HOUR = 3_600_000;
const EMPTY: StoredToken = {
  ...{ token: 't', url: 'u', size: 3, createdIndex: 1, createdAt: 0, complete: false, removedIndex: 0, members: [] },
};
const MEMBER = { id: 'a', value: 'v', createdIndex: 2, confirmed: false };

it('takes random tokens, UUIDs and digests', () => {
  const good = ['6c007a14875d53d9bf0ef5a6fc0257c817f0fb83', '40134540-b53c-46b3-b34f-33b4f0ae3a9c', 'a1b2c3d4'];
  expect(good.map(isToken)).toEqual([true, true, true]);
  expect(['', 'new', 'short12', '_config-x', '-leading-', 'a/b/c/d/e', 'x'.repeat(65)].filter(isToken)).toEqual([]);
});

it('takes sizes from 1 to 9', () => {
  expect([1, 9].map(isSize)).toEqual([true, true]);
  expect([0, 10, -1, 2.5, NaN, Infinity].filter(isSize)).toEqual([]);
});

it('lets go what nobody used within an hour, and what formed a month ago', () => {
  expect(idleToken(EMPTY, HOUR)).toBe(false);
  expect(idleToken(EMPTY, HOUR + 1)).toBe(true);
  expect(idleToken({ ...EMPTY, cluster: 'lab' }, 1000 * HOUR)).toBe(false);
  expect(idleToken({ ...EMPTY, members: [MEMBER] }, 1000 * HOUR)).toBe(false);
  const complete = { ...EMPTY, members: [MEMBER], complete: true };
  expect(idleToken(complete, 30 * 24 * HOUR)).toBe(false);
  expect(idleToken(complete, 30 * 24 * HOUR + 1)).toBe(true);
});
