import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CLUSTER, renderEtcd } from '../support/etcd-render.ts';
import { expectGolden } from '../support/golden.ts';

it.each([
  ['schema="https"', 'there is no option "schema"', 'did you mean scheme?'],
  ['scheme="ftp"', 'scheme="ftp" is not http or https', 'give http or https'],
  ['peer_port="2380"', 'peer_port="2380" is no port', 'leave it out for 2380'],
  ['client_port=0', 'client_port=0 is no port', 'leave it out for 2379'],
  ['client_port=65536', 'client_port=65536 is no port', 'leave it out for 2379'],
  ['bootstrap="dns"', 'bootstrap="dns" is none', 'there are static, existing, discovery, srv'],
  ['data_dir="var/lib/etcd"', 'data_dir="var/lib/etcd" is not a path', 'give a path'],
  ['data_dir="/a b"', 'data_dir="/a b" is not a path', 'give a path'],
  ['srv_domain="lab lan"', 'srv_domain="lab lan" is not a DNS domain', 'give a DNS domain'],
  ['bootstrap="srv"', 'needs the domain of the SRV records', 'srv_domain'],
  ['size=3', 'there is no option "size"', 'there are scheme, peer_port'],
])('refuses %s', (option, message, remedy) => {
  const render = (): string => renderEtcd(`{{etcdEnv cluster node ${option}}}`);
  expect(render).toThrow(message);
  expect(render).toThrow(expect.objectContaining({ remedy: expect.stringContaining(remedy) as string }));
});

it('takes an option only where it means something', () => {
  expect(() => renderEtcd('{{etcdEndpoints cluster peer_port=1}}')).toThrow('there is no option "peer_port"');
  expect(() => renderEtcd('{{etcdPeerUrl cluster node client_port=1}}')).toThrow('there is no option "client_port"');
});

it('does what the profile says unless the template says otherwise', () => {
  const state = (cluster: Record<string, string>, more = ''): string =>
    /CLUSTER_STATE=(\w+)|DISCOVERY=(\w+)/.exec(
      renderEtcd(`{{etcdEnv cluster node${more}}}`, { cluster: { ...CLUSTER, discovery_url: 'url', ...cluster } }),
    )?.[0] ?? '';
  expect(state({})).toBe('CLUSTER_STATE=new');
  expect(state({ state: 'existing' })).toBe('CLUSTER_STATE=existing');
  expect(state({ mode: 'discovery' })).toBe('DISCOVERY=url');
  // A member is replaced with the addresses of the others, however they once met.
  expect(state({ mode: 'discovery', state: 'existing' })).toBe('CLUSTER_STATE=existing');
  expect(state({ mode: 'discovery' }, ' bootstrap="static"')).toBe('CLUSTER_STATE=new');
});

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
