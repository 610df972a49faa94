import { describe, expect, it, vi } from 'vitest';
import { ClusterUrls, createClusterTokens, wantedClusters } from '../../src/etcd/cluster-tokens.ts';
import type { Snapshot } from '../../src/catalog/snapshot.ts';
import { Discovery } from '../../src/etcd/discovery.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Cluster, Profile } from '../../src/model/profile.ts';
import { profileOf } from '../exports/sample.ts';
import { originOf } from '../support/house.ts';
import { recordLog } from '../support/http-house.ts';
import { MemoryDiscoveryStore } from '../support/memory-discovery.ts';

const STOP = new AbortController().signal;
const found = (name: string, more: Partial<Cluster> = {}): Partial<Profile> => ({
  cluster: { name, mode: 'discovery', state: 'new', ...more },
});

function setUp(...first: readonly Profile[]) {
  let listener: (snapshot: Snapshot) => void = () => undefined;
  const of = (list: readonly Profile[]) =>
    ({ profiles: new Map(list.map((profile) => [profile.name, profile])) }) as unknown as Snapshot;
  let now = of(first);
  const catalog = {
    current: () => now,
    onChange(heard: (snapshot: Snapshot) => void) {
      listener = heard;
      return () => (listener = () => undefined);
    },
  };
  let made = 0;
  const store = new MemoryDiscoveryStore();
  const discovery = new Discovery({ store, now: () => 0, random: () => `token-${String((made += 1))}-of-a-test` });
  const urls = new ClusterUrls();
  const log = recordLog();
  const base = vi.fn(() => originOf('pxe.lan'));
  const tokens = createClusterTokens({ catalog, discovery, urls, base, log, patience: 5 });
  const change = (...list: readonly Profile[]): void => {
    now = of(list);
    listener(now);
  };
  const url = (name: string): string => urls.discoveryUrl({ name }, { file: 'profiles/a.json' });
  return { tokens, discovery, store, change, url, base, log };
}

describe('tokens of clusters', () => {
  it('are there when the server is, and follow the folder until it stops', async () => {
    const { tokens, change, url } = setUp(profileOf('a', [], found('lab')));
    expect(() => url('lab')).toThrow('the cluster lab has no discovery token yet');
    await tokens.start();
    expect(url('lab')).toBe('http://pxe.lan/discovery/token-1-of-a-test');
    change(profileOf('a', [], found('lab')), profileOf('b', [], found('other')));
    await expect.poll(() => url('other')).toBe('http://pxe.lan/discovery/token-2-of-a-test');
    await tokens.stop(STOP);
    change(profileOf('c', [], found('late')));
    expect(() => url('late')).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('that cannot be made yet are tried again, and templates say why they wait', async () => {
    const { tokens, store, url, base } = setUp(profileOf('a', [], found('lab')));
    store.gate = async () => Promise.reject(new Failure('unavailable', 'the disk is full'));
    await tokens.start();
    expect(() => url('lab')).toThrow('the cluster lab has no discovery token: the disk is full');
    base.mockImplementation(() => {
      throw new Failure('unavailable', 'this host has several addresses');
    });
    await expect
      .poll(() => {
        try {
          return url('lab');
        } catch (error) {
          return String(error);
        }
      })
      .toContain('several addresses');
    base.mockImplementation(() => originOf('pxe.lan'));
    store.gate = async () => undefined;
    await expect.poll(() => store.written.length).toBe(1);
    await expect.poll(() => url('lab')).toContain('http://pxe.lan/discovery/token-');
    await tokens.stop(STOP);
  });

  it('that somebody ended are made anew', async () => {
    const { tokens, discovery, url } = setUp(profileOf('a', [], found('lab')));
    await tokens.start();
    await discovery.forget('token-1-of-a-test');
    tokens.again();
    await expect.poll(() => url('lab')).toContain('token-2');
    await tokens.stop(STOP);
  });

  it('that are kept although the profile says otherwise are a warning', async () => {
    const { tokens, discovery, change, log, url } = setUp(profileOf('a', [], found('lab', { size: 1 })));
    await tokens.start();
    const { words } = await import('../support/discovery-words.ts');
    const { id, value } = words(url('lab'), 1);
    await discovery.register('token-1-of-a-test', id, value);
    change(profileOf('a', [], found('lab', { size: 3 })));
    await tokens.stop(STOP);
    expect(log.lines.map(({ message }) => message)).toContain(
      'a cluster keeps its discovery token: see `pilotlight clusters`',
    );
  });
});

it('clusters are those that meet by discovery, as large as the largest profile says', () => {
  const wanted = wantedClusters([
    profileOf('a', [{ name: 'x' }], found('lab')),
    profileOf('b', [], found('lab', { size: 5 })),
    profileOf('e', [], found('lab', { size: 2 })),
    profileOf('c', [], found('static', { mode: 'static' })),
    profileOf('d', []),
  ]);
  expect([...wanted]).toEqual([['lab', 5]]);
});
