import { nearest } from '../model/name.ts';
import type { Json } from '../model/profile.ts';
import { checkedNode, type EtcdNode, groupNodes, groupWord, memberOf, property } from './etcd-group.ts';
import type { Helper, HelperCall } from './helper-call.ts';

/** How members find each other at their first start. */
type Bootstrap = 'static' | 'existing' | 'discovery' | 'srv';

interface EtcdOptions {
  readonly scheme: 'http' | 'https';
  readonly peerPort: number;
  readonly clientPort: number;
  readonly bootstrap: Bootstrap;
  /** Absent: whatever the system's own unit says. */
  readonly dataDir?: string;
  /** With `srv`. */
  readonly srvDomain?: string;
  /** With `discovery`, for a machine whose address is not known. */
  readonly address?: string;
}

const NAMES = ['scheme', 'peer_port', 'client_port', 'bootstrap', 'data_dir', 'srv_domain', 'address'] as const;
type OptionName = (typeof NAMES)[number];
const BOOTSTRAPS: readonly Bootstrap[] = ['static', 'existing', 'discovery', 'srv'];

/** The options of an etcd helper. Without `bootstrap` the profile's `"cluster"` decides. */
function etcdOptions(call: HelperCall, allowed: readonly OptionName[] = NAMES): EtcdOptions {
  for (const name of call.options.keys()) {
    if (allowed.some((one) => one === name)) continue;
    const near = nearest(name, allowed);
    call.fail(
      `there is no option "${name}"`,
      near === undefined ? `there are ${allowed.join(', ')}` : `did you mean ${near}?`,
    );
  }
  const scheme = word(call, 'scheme', /^https?$/, 'http or https') ?? 'http';
  const dataDir = word(call, 'data_dir', /^\/[A-Za-z0-9._/-]{1,200}$/, 'a path such as /var/lib/etcd');
  const srvDomain = word(call, 'srv_domain', /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/, 'a DNS domain');
  const address = word(call, 'address', /^[A-Za-z0-9_.:[\]-]{1,253}$/, 'an address');
  return {
    scheme: scheme === 'https' ? 'https' : 'http',
    peerPort: port(call, 'peer_port', 2380),
    clientPort: port(call, 'client_port', 2379),
    bootstrap: allowed.includes('bootstrap') ? bootstrapOf(call) : 'static',
    dataDir,
    srvDomain,
    address,
  };
}

function bootstrapOf(call: HelperCall): Bootstrap {
  const wanted = call.options.get('bootstrap');
  if (wanted !== undefined) {
    return (
      BOOTSTRAPS.find((one) => one === wanted) ??
      call.fail(`bootstrap=${JSON.stringify(wanted)} is none`, `there are ${BOOTSTRAPS.join(', ')}`)
    );
  }
  if (groupWord(call, 'state') === 'existing') return 'existing';
  return groupWord(call, 'mode') === 'discovery' ? 'discovery' : 'static';
}

function word(call: HelperCall, name: OptionName, form: RegExp, what: string): string | undefined {
  const value = call.options.get(name);
  if (value === undefined) return undefined;
  return typeof value === 'string' && form.test(value)
    ? value
    : call.fail(`${name}=${JSON.stringify(value)} is not ${what}`, `give ${what}`);
}

function port(call: HelperCall, name: OptionName, usual: number): number {
  const value = call.options.get(name) ?? usual;
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535
    ? value
    : call.fail(`${name}=${JSON.stringify(value)} is no port`, `leave it out for ${usual}`);
}

const PEER = ['scheme', 'peer_port'] as const;
const CLIENT = ['scheme', 'client_port'] as const;

/** What templates need for etcd over `cluster`, the nodes of a profile. */
export const ETCD_HELPERS: readonly (readonly [string, Helper])[] = [
  ['etcdInitialCluster', (call) => initialCluster(call, etcdOptions(call, PEER))],
  ['etcdPeerUrl', (call) => urlOf(call, 'peer')],
  ['etcdClientUrl', (call) => urlOf(call, 'client')],
  ['etcdEndpoints', endpoints],
  ['etcdEnv', environment],
  ['etcd2Yaml', yaml],
];

function urlOf(call: HelperCall, side: 'peer' | 'client'): string {
  const { scheme, peerPort, clientPort } = etcdOptions(call, side === 'peer' ? PEER : CLIENT);
  return `${scheme}://${memberOf(call).host}:${side === 'peer' ? peerPort : clientPort}`;
}

/** Where clients (fleet, locksmith, flannel, etcdctl) reach the cluster. */
function endpoints(call: HelperCall): string {
  const { scheme, clientPort } = etcdOptions(call, CLIENT);
  return groupNodes(call)
    .map(({ host }) => `${scheme}://${host}:${clientPort}`)
    .join();
}

/** The lines of an EnvironmentFile. No value needs quotes: each was checked. */
function environment(call: HelperCall): string {
  return etcdSettings(call)
    .map(([name, value]) => `ETCD_${name.toUpperCase()}=${value}`)
    .join('\n');
}

/** The keys of `coreos.etcd2` in a cloud-config, at its left edge: indent what follows the first line. */
function yaml(call: HelperCall): string {
  return etcdSettings(call)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n');
}

/** A setting of etcd by its name in lower case: `initial_cluster`. */
type EtcdSetting = readonly [name: string, value: string];

/**
 * Everything that one member is started with. Exactly one bootstrap: etcd refuses two. What begins with `initial` and
 * the discovery URL count only until the member has a data directory, so that the same text at each boot is right.
 */
function etcdSettings(call: HelperCall): readonly EtcdSetting[] {
  const options = etcdOptions(call);
  const self = options.bootstrap === 'discovery' ? soleNode(call, options) : memberOf(call);
  const { scheme, peerPort, clientPort, dataDir } = options;
  const advertised = options.bootstrap === 'srv' ? `${self.name}.${srvDomain(call, options)}` : self.host;
  const local = self.host.startsWith('[') ? '[::1]' : '127.0.0.1';
  return [
    ['name', self.name],
    ...(dataDir === undefined ? [] : ([['data_dir', dataDir]] as const)),
    ['listen_peer_urls', `${scheme}://${self.host}:${peerPort}`],
    // The second is for clients on the machine itself. Listen URLs are addresses, never names.
    ['listen_client_urls', [self.host, local].map((host) => `${scheme}://${host}:${clientPort}`).join()],
    ['initial_advertise_peer_urls', `${scheme}://${advertised}:${peerPort}`],
    ['advertise_client_urls', `${scheme}://${advertised}:${clientPort}`],
    ...bootstrapSettings(call, options),
  ];
}

/** `infra0=http://10.0.1.10:2380,...`, by name. */
function initialCluster(call: HelperCall, { scheme, peerPort }: EtcdOptions): string {
  return groupNodes(call)
    .map(({ name, host }) => `${name}=${scheme}://${host}:${peerPort}`)
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
