import type { Json } from '../model/profile.ts';
import { nearest } from '../model/text.ts';
import { type Helper, type HelperCall, own } from './helpers.ts';

const PEER = ['scheme', 'peer_port'] as const;
const CLIENT = ['scheme', 'client_port'] as const;

/** What templates need for etcd over `cluster`, the nodes of a profile. */
export const ETCD_HELPERS: readonly (readonly [string, Helper])[] = [
  ['etcdInitialCluster', (call) => initialCluster(call, optionsOf(call, PEER))],
  ['etcdPeerUrl', (call) => urlOf(memberOf(call), 'peer', optionsOf(call, PEER))],
  ['etcdClientUrl', (call) => urlOf(memberOf(call), 'client', optionsOf(call, CLIENT))],
  ['etcdEndpoints', endpoints],
  ['etcdEnv', environment],
  ['etcd2Yaml', yaml],
];

/** Where clients (fleet, locksmith, flannel, etcdctl) reach the cluster. */
function endpoints(call: HelperCall): string {
  const options = optionsOf(call, CLIENT);
  return membersOf(call)
    .map((member) => urlOf(member, 'client', options))
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
  const options = optionsOf(call);
  const self = options.bootstrap === 'discovery' ? soleMember(call, options) : memberOf(call);
  const advertised = options.bootstrap === 'srv' ? { ...self, host: `${self.name}.${srvDomain(call, options)}` } : self;
  const local = { ...self, host: self.host.startsWith('[') ? '[::1]' : '127.0.0.1' };
  return [
    ['name', self.name],
    ...(options.dataDir === undefined ? [] : [['data_dir', options.dataDir] as const]),
    ['listen_peer_urls', urlOf(self, 'peer', options)],
    // The second is for clients on the machine itself. Listen URLs are addresses, never names.
    ['listen_client_urls', `${urlOf(self, 'client', options)},${urlOf(local, 'client', options)}`],
    ['initial_advertise_peer_urls', urlOf(advertised, 'peer', options)],
    ['advertise_client_urls', urlOf(advertised, 'client', options)],
    ...bootstrapSettings(call, options),
  ];
}

function bootstrapSettings(call: HelperCall, options: EtcdOptions): readonly EtcdSetting[] {
  const token = (): EtcdSetting => ['initial_cluster_token', clusterText(call, 'name')];
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
        ['discovery', clusterText(call, 'discovery_url')],
        ['discovery_fallback', 'exit'],
      ];
    case 'srv':
      return [['discovery_srv', srvDomain(call, options)], token(), ['initial_cluster_state', 'new']];
  }
}

/** `infra0=http://10.0.1.10:2380,...`, by name. */
function initialCluster(call: HelperCall, options: EtcdOptions): string {
  return membersOf(call)
    .map((member) => `${member.name}=${urlOf(member, 'peer', options)}`)
    .join();
}

function urlOf({ host }: Member, side: 'peer' | 'client', { scheme, peerPort, clientPort }: EtcdOptions): string {
  return `${scheme}://${host}:${side === 'peer' ? peerPort : clientPort}`;
}

/** How members find each other at their first start. */
const BOOTSTRAPS = ['static', 'existing', 'discovery', 'srv'] as const;
type Bootstrap = (typeof BOOTSTRAPS)[number];

interface EtcdOptions {
  readonly scheme: string;
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

/** The options of an etcd helper. Without `bootstrap` the profile's `"cluster"` decides. */
function optionsOf(call: HelperCall, allowed: readonly OptionName[] = NAMES): EtcdOptions {
  for (const name of call.options.keys()) {
    if (allowed.some((one) => one === name)) continue;
    const near = nearest(name, allowed);
    const remedy = near === undefined ? `there are ${allowed.join(', ')}` : `did you mean ${near}?`;
    call.fail(`there is no option "${name}"`, remedy);
  }
  const text = (name: OptionName, form: RegExp, what: string): string | undefined => {
    const value = call.options.get(name);
    if (value === undefined || (typeof value === 'string' && form.test(value))) return value;
    return call.fail(`${name}=${JSON.stringify(value)} is not ${what}`, `give ${what}`);
  };
  const port = (name: OptionName, usual: number): number => {
    const value = call.options.get(name) ?? usual;
    return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535
      ? value
      : call.fail(`${name}=${JSON.stringify(value)} is no port`, `leave it out for ${usual}`);
  };
  return {
    scheme: text('scheme', /^https?$/, 'http or https') ?? 'http',
    dataDir: text('data_dir', /^\/[A-Za-z0-9._/-]{1,200}$/, 'a path such as /var/lib/etcd'),
    srvDomain: text('srv_domain', /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/, 'a DNS domain'),
    address: text('address', /^[A-Za-z0-9_.:[\]-]{1,253}$/, 'an address'),
    peerPort: port('peer_port', 2380),
    clientPort: port('client_port', 2379),
    bootstrap: allowed.includes('bootstrap') ? bootstrapOf(call) : 'static',
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
  if (clusterText(call, 'state') === 'existing') return 'existing';
  return clusterText(call, 'mode') === 'discovery' ? 'discovery' : 'static';
}

function srvDomain(call: HelperCall, { srvDomain: domain }: EtcdOptions): string {
  return domain ?? call.fail('bootstrap="srv" needs the domain of the SRV records', 'add srv_domain="..."');
}

/** A text of `cluster` that the profile's `"cluster"` gives. */
function clusterText(call: HelperCall, key: 'name' | 'mode' | 'state' | 'discovery_url'): string {
  const text = own(clusterOf(call), key);
  if (typeof text === 'string') return text;
  return key === 'discovery_url'
    ? call.fail('the profile has no discovery', 'give it "cluster": {"name": "...", "size": 3, "mode": "discovery"}')
    : call.fail('the profile has no cluster', 'give it "cluster": {"name": "..."}');
}

/** The first argument of an etcd helper. */
function clusterOf(call: HelperCall): readonly Json[] {
  const [cluster] = call.args;
  return Array.isArray(cluster)
    ? (cluster as readonly Json[])
    : call.fail('this helper needs the cluster', 'write it as {{etcdEnv cluster node}}');
}

/** A node of the cluster, as etcd knows it. */
interface Member {
  readonly name: string;
  /** As it stands in a URL: IPv6 in brackets. */
  readonly host: string;
}

const MAX_MEMBERS = 9;

/** Every member, by name. Whatever etcd would refuse, or never find, is refused here with its node. */
function membersOf(call: HelperCall): readonly Member[] {
  const members = clusterOf(call).map((node): Member => {
    const [name, ip] = [own(node, 'name'), own(node, 'ip')];
    if (typeof name !== 'string') return call.fail('a node of the cluster has no name', 'give it one');
    if (typeof ip !== 'string') return call.fail(`${name} has no ip`, 'give the node an "ip", or use discovery');
    return checkedMember(call, name, ip);
  });
  if (members.length === 0) return call.fail('the cluster has no nodes', 'list them in the "nodes" of the profile');
  if (members.length > MAX_MEMBERS) {
    return call.fail(
      `the cluster has ${members.length} nodes, and etcd should have ${MAX_MEMBERS} members at most`,
      'move the other nodes into a profile of their own',
    );
  }
  for (const [i, { name, host }] of members.entries()) {
    const duplicate = members.slice(0, i).find((other) => other.name === name || other.host === host);
    if (duplicate === undefined) continue;
    const what =
      duplicate.name === name ? `two nodes are called ${name}` : `${duplicate.name} and ${name} are both at ${host}`;
    call.fail(what, 'each member needs a name and an address of its own');
  }
  return members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The second argument: which member this is about. It must be one of the cluster, at the cluster's address. */
function memberOf(call: HelperCall): Member {
  const name = own(call.args[1], 'name');
  if (typeof name !== 'string') return call.fail('this helper needs a node', 'write it as {{etcdEnv cluster node}}');
  const member = membersOf(call).find((one) => one.name === name);
  if (member === undefined)
    return call.fail(`${name} is not a node of the cluster`, 'list it in "nodes" of the profile');
  const ip = own(call.args[1], 'ip');
  if (typeof ip === 'string' && hostOf(ip) !== member.host) {
    return call.fail(`${name} is at ${ip}, and in the cluster at ${member.host}`, 'give it one address');
  }
  return member;
}

/** With discovery no member needs to know the others, so the node may be one that no profile lists. */
function soleMember(call: HelperCall, { address }: EtcdOptions): Member {
  const [, node] = call.args;
  const text = (key: string): string | undefined => {
    const found = own(node, key);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const name = text('name') ?? text('hostname') ?? text('mac')?.replaceAll(':', '');
  if (name === undefined) return call.fail('this helper needs a node', 'write it as {{etcdEnv cluster node}}');
  const ip = address ?? text('ip');
  return ip === undefined
    ? call.fail(`${name} has no ip`, 'give the node an "ip", or say address="..."')
    : checkedMember(call, name, ip);
}

const NAME = /^[A-Za-z0-9._-]{1,128}$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])$/;
/** Addresses at which only the machine itself finds it. */
const OWN = new Set(['localhost', '127.0.0.1', '0.0.0.0', '[::1]', '[::]']);

function checkedMember(call: HelperCall, name: string, address: string): Member {
  if (!NAME.test(name)) call.fail(`"${name}" cannot be the name of a member`, 'use letters, digits, . _ and -');
  const host = hostOf(address);
  if (!HOST.test(host)) call.fail(`the address "${address}" of ${name} is none`, 'write it as 192.168.122.2');
  if (OWN.has(host.toLowerCase())) {
    call.fail(`${name} has the address ${address}, where no other member finds it`, 'give it the one in its network');
  }
  return { name, host };
}

function hostOf(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}
