import { describe, expect, it } from 'vitest';
import { idleToken, isMemberId, isSize, isToken, memberId, readMember } from '../../src/etcd/members.ts';
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

describe('what a member says of itself', () => {
  it.each([
    ['infra0=http://10.0.1.10:2380', ['http://10.0.1.10:2380']],
    ['n=http://10.0.1.10:2380,n=https://node.lan:7001', ['http://10.0.1.10:2380', 'https://node.lan:7001']],
    ['Node_1.example-A=http://[fd00::1]:2380', ['http://[fd00::1]:2380']],
  ])('%s', (value, urls) => {
    expect(readMember(value)).toEqual({ name: value.split('=')[0], urls });
  });

  it.each([
    '',
    'infra0',
    '=http://10.0.1.10:2380',
    'infra0=http://10.0.1.10',
    'infra0=http://10.0.1.10:0',
    'infra0=http://10.0.1.10:65536',
    'infra0=http://10.0.1.10:2380/',
    'infra0=ftp://10.0.1.10:2380',
    'a=http://10.0.1.10:2380,b=http://10.0.1.11:2380',
    'a=http://10.0.1.10:2380,',
    'a b=http://10.0.1.10:2380',
    '<b>=http://10.0.1.10:2380',
    `a=http://${'x'.repeat(1100)}:1`,
  ])('%s is refused', (value) => {
    expect(readMember(value)).toBeUndefined();
  });

  it('computes the ID as etcd 3.4 does, without leading zeros and whatever the order of its URLs', () => {
    // Seen in etcd's own log.
    const url = 'http://127.0.6.1:38671/discovery/00000000000000000000000000000001';
    expect(memberId(['http://127.0.6.11:2380'], url)).toBe('4a9608d8cf66a90f');
    const short = 'http://127.0.6.1:35447/discovery/00000000000000000000000000000001';
    expect(memberId(['http://127.0.6.12:2380'], short)).toBe('e856a6cb05a1c13');
    expect(memberId(['http://b:1', 'http://a:1'], url)).toBe(memberId(['http://a:1', 'http://b:1'], url));
  });

  it('knows an ID', () => {
    expect(['e856a6cb05a1c13', '0'].map(isMemberId)).toEqual([true, true]);
    expect(['', 'infra0', 'E856', '12345678901234567'].map(isMemberId)).toEqual([false, false, false, false]);
  });
});
