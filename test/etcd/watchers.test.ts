import { expect, it } from 'vitest';
import { Watchers, type Watcher } from '../../src/etcd/watchers.ts';

const NODE = { key: '/discovery/t/a', value: 'v', modifiedIndex: 5, createdIndex: 5 };

function watcher(from: number): Watcher & { readonly heard: string[] } {
  const heard: string[] = [];
  return { from, heard, wake: ({ key }) => heard.push(key), cut: () => heard.push('cut') };
}

it('wakes those of the token who wait for this index, once', () => {
  const watchers = new Watchers({ watchers: 9, watchersOfOne: 9 });
  const [ready, later, other] = [watcher(5), watcher(6), watcher(1)];
  watchers.add('t', ready);
  watchers.add('t', later);
  watchers.add('u', other);
  watchers.wake('t', NODE);
  watchers.wake('t', NODE);
  expect([ready.heard, later.heard, other.heard]).toEqual([[NODE.key], [], []]);
  expect(watchers.size).toBe(2);
  watchers.delete('t', later);
  watchers.delete('t', later);
  expect(watchers.size).toBe(1);
});

it('cuts all of a token', () => {
  const watchers = new Watchers({ watchers: 9, watchersOfOne: 9 });
  const [one, other] = [watcher(5), watcher(5)];
  watchers.add('t', one);
  watchers.add('u', other);
  watchers.cut('t');
  expect([one.heard, other.heard, watchers.size]).toEqual([['cut'], [], 1]);
});

it('has room for so many of one token and so many in all', () => {
  const watchers = new Watchers({ watchers: 3, watchersOfOne: 2 });
  watchers.add('t', watcher(1));
  watchers.add('t', watcher(1));
  expect(() => {
    watchers.add('t', watcher(1));
  }).toThrow(expect.objectContaining({ code: 'unavailable' }));
  watchers.add('u', watcher(1));
  expect(() => {
    watchers.add('v', watcher(1));
  }).toThrow(expect.objectContaining({ code: 'unavailable' }));
});
