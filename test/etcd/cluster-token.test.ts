import { expect, it } from 'vitest';
import { clusterToken } from '../../src/etcd/cluster-token.ts';
import { Discovery } from '../../src/etcd/discovery.ts';
import { MemoryDiscoveryStore } from '../support/memory-discovery.ts';
import { words } from '../support/discovery-words.ts';

const urlOf = (token: string): string => `http://pxe.lan/discovery/${token}`;
const elsewhere = (token: string): string => `http://other.lan/discovery/${token}`;

async function open(store = new MemoryDiscoveryStore(), first = 0) {
  let tokens = first;
  const discovery = new Discovery({ store, now: () => 0, random: () => `token-${String((tokens += 1))}-of-a-test` });
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
