import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { expectGolden } from '../support/golden.ts';
import { CLUSTER, renderEtcd } from '../support/etcd-render.ts';

it.each([
  [
    '{{etcdInitialCluster cluster}}',
    'infra0=http://10.0.1.10:2380,infra1=http://10.0.1.11:2380,infra2=http://10.0.1.12:2380',
  ],
  ['{{etcdEndpoints cluster}}', 'http://10.0.1.10:2379,http://10.0.1.11:2379,http://10.0.1.12:2379'],
  [
    '{{etcdEndpoints cluster client_port=4001 scheme="https"}}',
    'https://10.0.1.10:4001,https://10.0.1.11:4001,https://10.0.1.12:4001',
  ],
  ['{{etcdPeerUrl cluster node}} {{etcdClientUrl cluster node}}', 'http://10.0.1.10:2380 http://10.0.1.10:2379'],
  ['{{etcdPeerUrl cluster node peer_port=7001}}', 'http://10.0.1.10:7001'],
  [
    '{{#each cluster}}{{etcdPeerUrl ../cluster this}} {{/each}}',
    'http://10.0.1.12:2380 http://10.0.1.10:2380 http://10.0.1.11:2380 ',
  ],
])('%s', (source, text) => {
  expect(renderEtcd(source)).toBe(text);
});

describe('the whole environment', () => {
  const url = 'http://10.0.1.1:4777/discovery/0123456789abcdef0123456789abcdef';
  it.each([
    ['static', '', CLUSTER],
    ['existing', '', { ...CLUSTER, state: 'existing' }],
    ['discovery', '', { ...CLUSTER, mode: 'discovery', discovery_url: url }],
    ['srv', ' bootstrap="srv" srv_domain="lab.lan"', CLUSTER],
    ['all-options', ' data_dir="/srv/etcd" scheme="https" peer_port=7001 client_port=4001', CLUSTER],
  ] as const)('%s', (name, options, cluster) => {
    expectGolden(`render/etcd/${name}.env`, `${renderEtcd(`{{etcdEnv cluster node${options}}}`, { cluster })}\n`);
  });
});

it('says the same as keys of coreos.etcd2', () => {
  const text = renderEtcd('coreos:\n  etcd2:\n    {{indent (etcd2Yaml cluster node) 4}}\n');
  expectGolden('render/etcd/etcd2.yml', text);
  const { coreos } = parse(text) as { readonly coreos: { readonly etcd2: Record<string, string> } };
  const lines = Object.entries(coreos.etcd2).map(([name, value]) => `ETCD_${name.toUpperCase()}=${value}`);
  expect(lines.join('\n')).toBe(renderEtcd('{{etcdEnv cluster node}}'));
});
