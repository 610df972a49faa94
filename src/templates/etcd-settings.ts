import type { Json } from '../model/profile.ts';
import { checkedNode, groupNodes, groupWord, memberOf, property, type EtcdNode } from './etcd-group.ts';
import { etcdOptions, type EtcdOptions } from './etcd-options.ts';
import type { HelperCall } from './helper-call.ts';

/** A setting of etcd by its name in lower case: `initial_cluster`. */
export type EtcdSetting = readonly [name: string, value: string];

/**
 * Everything that one member is started with. Exactly one bootstrap: etcd refuses two. What begins with `initial` and
 * the discovery URL count only until the member has a data directory, so that the same text at each boot is right.
 */
export function etcdSettings(call: HelperCall): readonly EtcdSetting[] {
  const options = etcdOptions(call);
  const self = options.bootstrap === 'discovery' ? soleNode(call, options) : memberOf(call);
  const { scheme, peerPort, clientPort, dataDir } = options;
  const advertised = options.bootstrap === 'srv' ? `${self.name}.${srvDomain(call, options)}` : self.host;
  const local = self.host.startsWith('[') ? '[::1]' : '127.0.0.1';
  return [
    ['name', self.name],
    ...(dataDir === undefined ? [] : ([['data_dir', dataDir]] as const)),
    ['listen_peer_urls', `${scheme}://${self.host}:${String(peerPort)}`],
    // The second is for clients on the machine itself. Listen URLs are addresses, never names.
    ['listen_client_urls', [self.host, local].map((host) => `${scheme}://${host}:${String(clientPort)}`).join()],
    ['initial_advertise_peer_urls', `${scheme}://${advertised}:${String(peerPort)}`],
    ['advertise_client_urls', `${scheme}://${advertised}:${String(clientPort)}`],
    ...bootstrapSettings(call, options),
  ];
}

/** `infra0=http://10.0.1.10:2380,...`, by name. */
export function initialCluster(call: HelperCall, { scheme, peerPort }: EtcdOptions): string {
  return groupNodes(call)
    .map(({ name, host }) => `${name}=${scheme}://${host}:${String(peerPort)}`)
    .join();
}

function bootstrapSettings(call: HelperCall, options: EtcdOptions): readonly EtcdSetting[] {
  const token = (): EtcdSetting => ['initial_cluster_token', groupWord(call, 'name')];
  switch (options.bootstrap) {
    case 'static':
    case 'existing':
      return [
        ['initial_cluster', initialCluster(call, options)],
        token(),
        ['initial_cluster_state', options.bootstrap === 'static' ? 'new' : 'existing'],
      ];
    case 'discovery':
      // Without `exit` a member too many would become a proxy that does not survive its next start (etcd 3.4, 3.5).
      return [
        ['discovery', groupWord(call, 'discovery_url')],
        ['discovery_fallback', 'exit'],
      ];
    case 'srv':
      return [['discovery_srv', srvDomain(call, options)], token(), ['initial_cluster_state', 'new']];
  }
}

function srvDomain(call: HelperCall, { srvDomain: domain }: EtcdOptions): string {
  return domain ?? call.fail('bootstrap="srv" needs the domain of the SRV records', 'add srv_domain="..."');
}

/** With discovery nobody needs to know the others, so the node may be one that no profile lists. */
function soleNode(call: HelperCall, { address }: EtcdOptions): EtcdNode {
  const node = call.args[1];
  const name = text(node, 'name') ?? text(node, 'hostname') ?? text(node, 'mac')?.replaceAll(':', '');
  if (name === undefined) return call.fail('this helper needs a node', 'write it as {{etcdEnv cluster node}}');
  const ip = address ?? text(node, 'ip');
  return ip === undefined
    ? call.fail(`${name} has no ip`, 'give the node an "ip", or say address="..."')
    : checkedNode(call, name, ip);
}

function text(value: Json | undefined, key: string): string | undefined {
  const found = property(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
