import { describe, expect, it } from 'vitest';
import { Discovery, type DiscoveryOptions } from '../../src/etcd/discovery.ts';
import { Failure } from '../../src/model/failure.ts';
import { MemoryDiscoveryStore } from '../support/memory-discovery.ts';
import { words } from '../support/discovery-request.ts';

const urlOf = (token: string): string => `http://pxe.lan/discovery/${token}`;
const T = 'token-of-a-test';
const URL = urlOf(T);

async function open(options: Partial<DiscoveryOptions> & { store?: MemoryDiscoveryStore } = {}) {
  const store = options.store ?? new MemoryDiscoveryStore();
  const discovery = new Discovery({ now: () => 0, random: () => 'random-0123456789', ...options, store });
  await discovery.load();
  return { discovery, store };
}

async function withToken(size = 3) {
  const { discovery, store } = await open();
  await discovery.create({ size, urlOf, token: T });
  const come = async (n: number) => {
    const { id, value } = words(URL, n);
    return await discovery.register(T, id, value);
  };
  return { discovery, store, come };
}

/** A write that waits until it is let go. */
function hold(store: MemoryDiscoveryStore) {
  let go: (error: Failure | undefined) => void = () => undefined;
  const writing = new Promise<void>((entered) => {
    store.gate = () => {
      entered();
      return new Promise((resolve, reject) => {
        go = (error) => {
          store.gate = async () => undefined;
          if (error === undefined) resolve();
          else reject(error);
        };
      });
    };
  });
  return {
    writing,
    finish: (error?: Failure) => {
      go(error);
    },
  };
}

describe('tokens', () => {
  it('have a size once, from 1 to 9', async () => {
    const { discovery } = await withToken();
    expect(discovery.size(T)).toMatchObject({ action: 'get', index: 1, node: { value: '3', createdIndex: 1 } });
    await expect(discovery.create({ size: 3, urlOf, token: T })).rejects.toMatchObject({ code: 'conflict' });
    await expect(discovery.create({ size: 10, urlOf })).rejects.toMatchObject({ code: 'invalid' });
    await expect(discovery.create({ size: 3, urlOf, token: 'new' })).rejects.toMatchObject({ code: 'invalid' });
    expect((await discovery.create({ size: 1, urlOf })).url).toBe('http://pxe.lan/discovery/random-0123456789');
  });

  it('make room for a new one only where nobody needs them', async () => {
    let now = 0;
    const { discovery } = await open({ limits: { tokens: 2 }, now: () => now });
    await discovery.create({ size: 3, urlOf, token: 'used-token' });
    const { id, value } = words(urlOf('used-token'), 1);
    await discovery.register('used-token', id, value);
    await discovery.create({ size: 3, urlOf, token: 'idle-token' });
    await expect(discovery.create({ size: 3, urlOf })).rejects.toMatchObject({ code: 'unavailable' });
    now = 3_600_001;
    await discovery.create({ size: 3, urlOf });
    expect(discovery.all().map(({ token }) => token)).toEqual(['used-token', 'random-0123456789']);
  });

  it('that do not exist are code 100 for every question', async () => {
    const { discovery } = await open();
    const missing = { kind: 'refused', code: 100, index: 0 };
    expect(discovery.size('none')).toMatchObject({ ...missing, cause: '/discovery/none/_config/size' });
    expect(discovery.list('none')).toMatchObject({ ...missing, cause: '/discovery/none' });
    expect(discovery.watch('none', 1)).toMatchObject(missing);
    expect(await discovery.confirm('none', 'a', 1)).toMatchObject(missing);
    expect(await discovery.register('none', 'a', 'v')).toMatchObject(missing);
    expect(await discovery.remove('none', 'a')).toMatchObject(missing);
    expect(await discovery.forget('none')).toMatchObject(missing);
  });

  it('are there again after a restart, with everything that was ever promised', async () => {
    const { discovery, store, come } = await withToken(2);
    await come(1);
    await come(2);
    await discovery.confirm(T, words(URL, 2).id, 3);
    const again = await open({ store });
    expect(again.discovery.all()).toEqual(discovery.all());
    const { id, value } = words(URL, 2);
    expect(await again.discovery.register(T, id, value)).toMatchObject({ kind: 'refused', code: 105, index: 3 });
    await again.discovery.create({ size: 1, urlOf });
    expect(again.discovery.size('random-0123456789')).toMatchObject({ index: 4 });
  });

  it('cannot be asked before they are read', () => {
    const discovery = new Discovery({ store: new MemoryDiscoveryStore(), now: () => 0, random: () => '' });
    for (const ask of [() => discovery.size(T), () => discovery.watch(T, 1), () => discovery.all()])
      expect(ask).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});

describe('members', () => {
  it('come in order, and the list ends with the index of the last', async () => {
    const { discovery, come } = await withToken();
    expect(await come(2)).toMatchObject({ action: 'create', created: true, index: 2, node: { createdIndex: 2 } });
    expect(await come(1)).toMatchObject({ created: true, index: 3 });
    expect(await come(1)).toMatchObject({ action: 'create', created: false, node: { createdIndex: 3 } });
    const ids = [2, 1].map((n) => `/discovery/${T}/${words(URL, n).id}`);
    expect(discovery.list(T)).toMatchObject({ index: 3, node: { nodes: ids.map((key) => ({ key })) } });
    expect(discovery.member(T, words(URL, 2).id)).toMatchObject({ action: 'get', node: { key: ids[0] } });
    expect(discovery.member(T, 'beef')).toMatchObject({ code: 100 });
  });

  it('racing for the last place get it in turn', async () => {
    const { come } = await withToken(1);
    const [first, second] = await Promise.all([come(1), come(2)]);
    expect([first, second]).toMatchObject([{ kind: 'node' }, { kind: 'refused', code: 103 }]);
  });

  it('are seen by nobody before they are on the disk, and missed by nobody', async () => {
    const { discovery, store, come } = await withToken();
    const { writing, finish } = hold(store);
    const coming = come(1);
    await writing;
    // Who lists now must hear of it by a watch from the index after the list's.
    const list = discovery.list(T);
    expect(list).toMatchObject({ index: 1 });
    expect(list).toMatchObject({ node: { nodes: undefined } });
    const waiting = discovery.watch(T, list.index + 1);
    expect(waiting).toEqual({ kind: 'waiting', index: 1, from: 2 });
    const heard: string[] = [];
    discovery.watchers.add(T, { from: 2, wake: ({ key }) => heard.push(key), cut: () => undefined });
    finish();
    await coming;
    expect(heard).toEqual([`/discovery/${T}/${words(URL, 1).id}`]);
    expect(discovery.list(T)).toMatchObject({ index: 2, node: { nodes: [{ createdIndex: 2 }] } });
  });

  it('that could not be kept were never there', async () => {
    const { discovery, store, come } = await withToken();
    const { writing, finish } = hold(store);
    const coming = come(1);
    await writing;
    finish(new Failure('unavailable', 'the disk is full'));
    await expect(coming).rejects.toMatchObject({ code: 'unavailable' });
    expect(discovery.list(T)).toMatchObject({ node: { nodes: undefined } });
    expect(await come(1)).toMatchObject({ created: true, node: { createdIndex: 3 } });
  });

  it('learn by their first watch that they are registered; that is kept before they hear it', async () => {
    const { discovery, store, come } = await withToken(1);
    await come(1);
    const { id, value } = words(URL, 1);
    expect(await discovery.confirm(T, id, 3)).toEqual({ kind: 'waiting', index: 2, from: 3 });
    expect(await discovery.register(T, id, value)).toMatchObject({ kind: 'node' });
    const { writing, finish } = hold(store);
    const told = discovery.confirm(T, id, 2);
    await writing;
    // A list meanwhile still counts this member: it must not be told of it once more.
    expect(discovery.list(T)).toMatchObject({ index: 2 });
    finish();
    expect(await told).toMatchObject({ action: 'create', index: 2, node: { createdIndex: 2 } });
    expect(store.written.at(-1)).toEqual({ kind: 'confirmed', index: 2, token: T, id });
    expect(await discovery.register(T, id, value)).toMatchObject({ code: 105 });
    await discovery.confirm(T, id, 2);
    expect(store.written).toHaveLength(3);
  });
});

describe('a watch', () => {
  it('gives the oldest registration from its index on, at once', async () => {
    const { discovery, come } = await withToken();
    await come(1);
    await come(2);
    expect(discovery.watch(T, 1)).toMatchObject({ action: 'create', index: 3, node: { createdIndex: 2 } });
    expect(discovery.watch(T, 3)).toMatchObject({ node: { createdIndex: 3 } });
    expect(discovery.watch(T, 4)).toEqual({ kind: 'waiting', index: 3, from: 4 });
    expect(discovery.watch(T, 0)).toEqual({ kind: 'waiting', index: 3, from: 4 });
  });

  it('from before a removal must list again; those that wait are cut and hear of no removal', async () => {
    const { discovery, come } = await withToken();
    await come(1);
    const heard: string[] = [];
    discovery.watchers.add(T, { from: 3, wake: () => heard.push('woken'), cut: () => heard.push('cut') });
    expect(await discovery.remove(T, words(URL, 1).id)).toMatchObject({ action: 'delete' });
    expect(heard).toEqual(['cut']);
    for (const index of [1, 3]) expect(() => discovery.watch(T, index)).toThrow('list again');
    expect(discovery.watch(T, 4)).toMatchObject({ kind: 'waiting' });
    expect(discovery.list(T)).toMatchObject({ index: 3 });
    expect(await come(1)).toMatchObject({ created: true, node: { createdIndex: 4 } });
  });

  it('of a token that is forgotten is cut', async () => {
    const { discovery } = await withToken();
    const heard: string[] = [];
    discovery.watchers.add(T, { from: 2, wake: () => heard.push('woken'), cut: () => heard.push('cut') });
    expect(await discovery.forget(T)).toMatchObject({ action: 'delete', node: { key: `/discovery/${T}` } });
    expect([heard, discovery.all()]).toEqual([['cut'], []]);
  });
});
