import { groupNodes, memberOf } from './etcd-group.ts';
import { etcdOptions } from './etcd-options.ts';
import { etcdSettings, initialCluster } from './etcd-settings.ts';
import type { Helper, HelperCall } from './helper-call.ts';

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
  return `${scheme}://${memberOf(call).host}:${String(side === 'peer' ? peerPort : clientPort)}`;
}

/** Where clients (fleet, locksmith, flannel, etcdctl) reach the cluster. */
function endpoints(call: HelperCall): string {
  const { scheme, clientPort } = etcdOptions(call, CLIENT);
  return groupNodes(call)
    .map(({ host }) => `${scheme}://${host}:${String(clientPort)}`)
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
