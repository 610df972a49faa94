import { expect, it } from 'vitest';
import { CLUSTER, renderEtcd } from '../support/etcd-render.ts';

const FOUND = { ...CLUSTER, mode: 'discovery', discovery_url: 'http://pxe/discovery/t' };
const env = (options: Parameters<typeof renderEtcd>[1], more = ''): string =>
  renderEtcd(`{{etcdEnv cluster node${more}}}`, options);

it('gives a machine that no profile lists its hostname or MAC for a name, where they meet by discovery', () => {
  const node = { mac: '52:54:00:00:00:10', ip: '10.0.1.10' };
  expect(env({ cluster: FOUND, nodes: [], node })).toContain('ETCD_NAME=525400000010\n');
  expect(env({ cluster: FOUND, nodes: [], node: { ...node, hostname: 'web' } })).toContain('ETCD_NAME=web\n');
  expect(() => env({ nodes: [], node })).toThrow('this helper needs a node');
});

it('puts a word in place of an address that the machine itself will know', () => {
  const node = { mac: '52:54:00:00:00:10' };
  const text = env({ cluster: FOUND, nodes: [], node }, ' address="ADDRESS"');
  expect(text).toContain('ETCD_LISTEN_PEER_URLS=http://ADDRESS:2380\n');
  expect(text).toContain('ETCD_ADVERTISE_CLIENT_URLS=http://ADDRESS:2379\n');
  expect(() => env({ cluster: FOUND, nodes: [], node })).toThrow('525400000010 has no ip');
  expect(() => env({ cluster: FOUND, nodes: [], node: {} }, ' address="A"')).toThrow('this helper needs a node');
});

it('has one way to meet, and no proxy for a member too many', () => {
  const text = env({ cluster: FOUND });
  expect(text).toContain('ETCD_DISCOVERY=http://pxe/discovery/t\nETCD_DISCOVERY_FALLBACK=exit');
  expect(text).not.toContain('INITIAL_CLUSTER');
  expect(env({})).not.toContain('DISCOVERY');
});

it('listens for the machine itself at its own kind of address', () => {
  const nodes = [{ name: 'a', ip: 'fd00::1' }];
  expect(env({ nodes, node: nodes[0] ?? null })).toContain('=http://[fd00::1]:2379,http://[::1]:2379\n');
});
