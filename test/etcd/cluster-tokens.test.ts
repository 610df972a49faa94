import { describe, expect, it, vi } from 'vitest';
import type { Snapshot } from '../../src/catalog/snapshot.ts';
import {
  clusterToken,
  ClusterUrls,
  createClusterTokens,
  discoveryBase,
  wantedClusters,
} from '../../src/etcd/cluster-tokens.ts';
import { Discovery } from '../../src/etcd/discovery.ts';
import { Failure } from '../../src/model/failure.ts';
import type { Cluster, Profile } from '../../src/model/profile.ts';
import type { LocalAddress } from '../../src/net/addresses.ts';
import { profileOf } from '../exports/sample.ts';
import { words } from '../support/discovery-request.ts';
import { originOf } from '../support/app-context.ts';
import { recordLog } from '../support/http-server.ts';
import { MemoryDiscoveryStore } from '../support/memory-discovery.ts';

const address = (text: string, internal = false): LocalAddress => ({
  ...{ interfaceName: 'eth0', address: text, family: text.includes(':') ? 6 : 4, internal, netmask: undefined },
});
const LO = address('127.0.0.1', true);
const ONE = [LO, address('192.168.122.1'), address('fe80::1%eth0')];
const any = { baseUrl: undefined, http: { host: '0.0.0.0', port: 4777 } };

describe('what discovery URLs begin with', () => {
  it('is the base URL, when there is one', () => {
    expect(discoveryBase({ ...any, baseUrl: originOf('pxe.lan') }, 4777, [])).toBe('http://pxe.lan');
  });

  it('is where the server listens, or the one address of the host, with the port that it has', () => {
    expect(discoveryBase({ ...any, http: { host: '10.0.0.1', port: 0 } }, 8080, [])).toBe('http://10.0.0.1:8080');
    expect(discoveryBase({ ...any, http: { host: 'fd00::1', port: 0 } }, 80, [])).toBe('http://[fd00::1]:80');
    expect(discoveryBase(any, 4777, ONE)).toBe('http://192.168.122.1:4777');
    expect(discoveryBase({ ...any, http: { host: '::', port: 0 } }, 4777, ONE)).toBe('http://192.168.122.1:4777');
    // Its addresses of IPv6 are many, and some of them pass: what counts is whether it has one of IPv4.
    const both = [...ONE, address('fd00::1'), address('fd00::a0e0:dbff:fec4:914e')];
    expect(discoveryBase({ ...any, http: { host: '::', port: 0 } }, 4777, both)).toBe('http://192.168.122.1:4777');
    const six = both.filter(({ family }) => family === 6).slice(0, 2);
    expect(discoveryBase({ ...any, http: { host: '::', port: 0 } }, 4777, six)).toBe('http://[fd00::1]:4777');
  });

  it('is unknown where it could be one or another, or none', () => {
    const several = (): unknown => discoveryBase(any, 4777, [...ONE, address('10.0.0.1')]);
    expect(several).toThrow('several addresses (192.168.122.1, 10.0.0.1)');
    expect(several).toThrow(
      expect.objectContaining({
        code: 'unavailable',
        remedy: expect.stringContaining('PILOTLIGHT_BASE_URL') as string,
      }),
    );
    expect(() => discoveryBase(any, 4777, [LO])).toThrow('this host has no address');
  });
});

const urlOf = (token: string): string => `http://pxe.lan/discovery/${token}`;
const elsewhere = (token: string): string => `http://other.lan/discovery/${token}`;

async function open(store = new MemoryDiscoveryStore(), first = 0) {
  let tokens = first;
  const discovery = new Discovery({ store, now: () => 0, random: () => `token-${(tokens += 1)}-of-a-test` });
  await discovery.load();
  return discovery;
}

it('is made once and stays the same over a restart', async () => {
  const store = new MemoryDiscoveryStore();
  const wanted = { name: 'lab', size: 3, urlOf };
  const { token } = await clusterToken(await open(store), wanted);
  expect(token).toMatchObject({ cluster: 'lab', size: 3, url: 'http://pxe.lan/discovery/token-1-of-a-test' });
  expect(await clusterToken(await open(store, 5), wanted)).toEqual({ token });
  expect((await clusterToken(await open(store, 5), { ...wanted, name: 'other' })).token.token).toBe(
    'token-6-of-a-test',
  );
});

it('is made anew for another size or base while nobody has registered', async () => {
  const discovery = await open();
  await clusterToken(discovery, { name: 'lab', size: 3, urlOf });
  const larger = await clusterToken(discovery, { name: 'lab', size: 5, urlOf });
  expect(larger).toMatchObject({ token: { size: 5 } });
  expect(larger.kept).toBeUndefined();
  const moved = await clusterToken(discovery, { name: 'lab', size: 5, urlOf: elsewhere });
  expect(moved.token.url).toBe('http://other.lan/discovery/token-3-of-a-test');
  expect(discovery.all()).toHaveLength(1);
});

it('is kept, and says so, once a member has registered', async () => {
  const discovery = await open();
  const { token } = await clusterToken(discovery, { name: 'lab', size: 3, urlOf });
  const { id, value } = words(token.url, 1);
  await discovery.register(token.token, id, value);
  const kept = await clusterToken(discovery, { name: 'lab', size: 5, urlOf });
  expect(kept).toMatchObject({ token: { size: 3 }, kept: 'the size is 3 and not 5, since members have registered' });
  expect((await clusterToken(discovery, { name: 'lab', size: 3, urlOf: elsewhere })).kept).toBe(
    `the discovery URL is ${token.url}, since members have registered`,
  );
});

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
  const discovery = new Discovery({ store, now: () => 0, random: () => `token-${(made += 1)}-of-a-test` });
  const urls = new ClusterUrls();
  const log = recordLog();
  const base = vi.fn(() => originOf('pxe.lan'));
  const tokens = createClusterTokens({ catalog, discovery, urls, base, log, retryMs: 5 });
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
    const { words } = await import('../support/discovery-request.ts');
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
