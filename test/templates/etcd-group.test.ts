import { expect, it } from 'vitest';
import type { Json } from '../../src/model/profile.ts';
import { NODES, renderEtcd } from '../support/etcd-render.ts';

const ALL = '{{etcdInitialCluster cluster}}';
const [, first] = NODES;

it.each([
  [
    'two nodes are called infra1',
    [
      { name: 'infra1', ip: '10.0.1.1' },
      { name: 'infra1', ip: '10.0.1.2' },
    ],
  ],
  [
    'a and b are both at 10.0.1.1',
    [
      { name: 'a', ip: '10.0.1.1' },
      { name: 'b', ip: '10.0.1.1' },
    ],
  ],
  ['"a b" cannot be the name of a member', [{ name: 'a b', ip: '10.0.1.1' }]],
  ['"a=b" cannot be the name of a member', [{ name: 'a=b', ip: '10.0.1.1' }]],
  ['a has the address 127.0.0.1', [{ name: 'a', ip: '127.0.0.1' }]],
  ['a has the address localhost', [{ name: 'a', ip: 'localhost' }]],
  ['a has the address 0.0.0.0', [{ name: 'a', ip: '0.0.0.0' }]],
  ['a has the address ::1', [{ name: 'a', ip: '::1' }]],
  ['the address "10.0.1.1/24" of a is none', [{ name: 'a', ip: '10.0.1.1/24' }]],
  ['a has no ip', [{ name: 'a' }]],
  ['a node of the cluster has no name', [{ ip: '10.0.1.1' }]],
  ['the cluster has no nodes', []],
  ['the cluster has 10 nodes', Array.from({ length: 10 }, (_, i) => ({ name: `n${i}`, ip: `10.0.1.${i}` }))],
])('refuses: %s', (message, nodes: readonly Json[]) => {
  expect(() => renderEtcd(ALL, { nodes })).toThrow(message);
});

it.each([
  ['infra9 is not a node of the cluster', { name: 'infra9', ip: '10.0.1.19' }],
  ['infra0 is at 10.0.1.99, and in the cluster at 10.0.1.10', { name: 'infra0', ip: '10.0.1.99' }],
  ['this helper needs a node', {}],
])('refuses the node of whom %s', (message, node) => {
  expect(() => renderEtcd('{{etcdPeerUrl cluster node}}', { node })).toThrow(message);
});

it('needs the cluster', () => {
  expect(() => renderEtcd('{{etcdEndpoints node}}')).toThrow('this helper needs the cluster');
  expect(() => renderEtcd('{{etcdEndpoints}}')).toThrow('this helper needs the cluster');
  expect(() => renderEtcd('{{etcdPeerUrl cluster}}')).toThrow('this helper needs a node');
});

it('brackets IPv6', () => {
  const nodes = [{ name: 'a', ip: 'fd00::1' }];
  expect(renderEtcd(`${ALL} {{etcdClientUrl cluster node}}`, { nodes, node: nodes[0] ?? null })).toBe(
    'a=http://[fd00::1]:2380 http://[fd00::1]:2379',
  );
});

it('needs "cluster" in the profile only where its name counts', () => {
  expect(renderEtcd(ALL, { cluster: {} })).toContain('infra0=');
  const node = first ?? null;
  expect(() => renderEtcd('{{etcdEnv cluster node}}', { cluster: {}, node })).toThrow('the profile has no cluster');
  expect(() => renderEtcd('{{etcdEnv cluster node bootstrap="static"}}', { cluster: {} })).toThrow('has no cluster');
  expect(() => renderEtcd('{{etcdEnv cluster node bootstrap="discovery"}}')).toThrow('the profile has no discovery');
});
