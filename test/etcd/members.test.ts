import { describe, expect, it } from 'vitest';
import {
  idleToken,
  isMemberId,
  isSize,
  isToken,
  judge,
  keyOf,
  listNode,
  memberId,
  memberNode,
  readMember,
  sizeNode,
} from '../../src/etcd/members.ts';
import type { StoredMember, StoredToken } from '../../src/model/discovery.ts';
import { words } from '../support/discovery-request.ts';

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

const URL = 'http://pxe.lan:4777/discovery/t';
const KEY = '/discovery/t/x';

function token(members: readonly Partial<StoredMember & { n: number }>[], size = 3): StoredToken {
  return {
    ...{ token: 't', url: URL, size, createdIndex: 1, createdAt: 0, removedIndex: 0 },
    complete: members.length >= size,
    members: members.map(({ n = 0, ...more }, i) => ({
      ...words(URL, n),
      createdIndex: i + 2,
      confirmed: false,
      ...more,
    })),
  };
}

function cause(held: StoredToken, { id, value }: { id: string; value: string }): string {
  const judged = judge(held, id, value, KEY);
  return judged.kind === 'refused' ? `${judged.code} ${judged.cause}` : judged.kind;
}

describe('a registration', () => {
  it('is welcome, and the last one makes the token complete', () => {
    const { id, value } = words(URL, 3);
    expect(judge(token([{ n: 1 }]), id, value, KEY)).toEqual({ kind: 'welcome', complete: false });
    expect(judge(token([{ n: 1 }, { n: 2 }]), id, value, KEY)).toEqual({ kind: 'welcome', complete: true });
  });

  it('comes again until its member may have started', () => {
    const two = words(URL, 2);
    expect(cause(token([{ n: 1 }, { n: 2, confirmed: true }]), two)).toBe('again');
    expect(cause(token([{ n: 1 }, { n: 2 }, { n: 3 }]), two)).toBe('again');
    expect(cause(token([{ n: 1 }, { n: 2, confirmed: true }, { n: 3 }]), two)).toBe(`105 ${KEY}`);
    const emptied = { ...token([{ n: 2, confirmed: true }]), complete: true };
    expect(cause(emptied, two)).toBe(`105 ${KEY}`);
  });

  it('of a known ID with another value is refused', () => {
    const { id } = words(URL, 2);
    expect(cause(token([{ n: 2 }]), { id, value: 'other=http://10.0.1.2:2380' })).toBe(`105 ${KEY}`);
  });

  it('of somebody who was given another URL is told the right one', () => {
    expect(cause(token([]), words(`${URL}/`, 1))).toBe(`209 use the discovery URL exactly as given: ${URL}`);
  });

  it('with a name or a peer URL that another one has is refused', () => {
    const held = token([{ n: 1 }]);
    const first = words(URL, 1).id;
    expect(cause(held, words(URL, 2, 'infra1'))).toBe(`209 name infra1 is already registered by ${first}`);
    const urls = ['http://10.0.1.1:2380', 'http://10.0.1.9:2380'];
    const value = urls.map((url) => `other=${url}`).join();
    expect(cause(held, { id: memberId(urls, URL), value })).toBe(
      `209 peer URL http://10.0.1.1:2380 is already registered by ${first}`,
    );
  });

  it('past the size is refused, also where a member was removed after the cluster had formed', () => {
    const all = [{ n: 1 }, { n: 2 }, { n: 3 }];
    expect(cause(token(all), words(URL, 4))).toMatch(/^103 the cluster of 3 was complete: add infra4 with etcdctl/);
    expect(cause({ ...token(all.slice(1)), complete: true }, words(URL, 4))).toMatch(/^103 /);
    expect(cause({ ...token(all), complete: false }, words(URL, 4))).toBe('103 the cluster has its 3 members');
  });

  it('in a form that etcd does not use is refused', () => {
    expect(cause(token([]), { id: 'infra0', value: 'http://10.0.1.1:7001' })).toBe(
      '209 "infra0" is no member ID: etcd 2.3 to 3.6 is served',
    );
    expect(cause(token([]), { id: 'abc', value: 'x' })).toMatch(/^209 the value is not name=/);
  });
});

const TOKEN: StoredToken = {
  ...{ token: 't', url: 'u', size: 3, createdIndex: 4, createdAt: 0, complete: false, removedIndex: 0 },
  members: [
    { id: 'b', value: 'x=1', createdIndex: 5, confirmed: true },
    { id: 'a', value: 'y=2', createdIndex: 6, confirmed: false },
  ],
};

it('are the keys of etcd, with the size beside and not among the members', () => {
  expect(keyOf('t', 'a')).toBe('/discovery/t/a');
  expect(sizeNode(TOKEN)).toEqual({ key: '/discovery/t/_config/size', value: '3', modifiedIndex: 4, createdIndex: 4 });
  const [b, a] = TOKEN.members.map((member) => memberNode('t', member));
  expect(b).toEqual({ key: '/discovery/t/b', value: 'x=1', modifiedIndex: 5, createdIndex: 5 });
  const list = { key: '/discovery/t', dir: true, modifiedIndex: 4, createdIndex: 4 };
  expect(listNode(TOKEN, false)).toEqual({ ...list, nodes: [b, a] });
  expect(listNode(TOKEN, true)).toEqual({ ...list, nodes: [a, b] });
  expect(listNode({ ...TOKEN, members: [] }, false)).toEqual(list);
});
