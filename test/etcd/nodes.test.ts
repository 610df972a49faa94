import { expect, it } from 'vitest';
import { keyOf, listNode, memberNode, sizeNode } from '../../src/etcd/nodes.ts';
import type { StoredToken } from '../../src/model/discovery.ts';

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
