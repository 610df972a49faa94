import { expect, it } from 'vitest';
import { CLUSTER, renderEtcd } from '../support/etcd-render.ts';

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
