import { describe, expect, it } from 'vitest';
import { memberId } from '../../src/etcd/members.ts';
import { judge, keyOf, listNode, memberNode, sizeNode } from '../../src/etcd/nodes.ts';
import type { StoredMember, StoredToken } from '../../src/model/discovery.ts';
import { words } from '../support/discovery-words.ts';

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
