import type { Json, JsonObject } from '../model/profile.ts';
import type { HelperCall } from './helper-call.ts';

/** A node of the cluster, as etcd knows it. */
export interface EtcdNode {
  readonly name: string;
  /** As it stands in a URL: IPv6 in brackets. */
  readonly host: string;
}

const NAME = /^[A-Za-z0-9._-]{1,128}$/;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])$/;
/** Where nobody but the machine itself finds it. */
const NOWHERE = new Set(['localhost', '127.0.0.1', '0.0.0.0', '[::1]', '[::]']);
const MAX_MEMBERS = 9;

/** The first argument of an etcd helper, which is `cluster`. */
function groupOf(call: HelperCall): readonly Json[] {
  const [group] = call.args;
  return Array.isArray(group)
    ? (group as readonly Json[])
    : call.fail('this helper needs the cluster', 'write it as {{etcdEnv cluster node}}');
}

/** A property of the data itself, never one of a prototype. `cluster` is a list that has some beside its nodes. */
export function property(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as JsonObject)[key];
}

/** A text of `cluster` that the profile's `"cluster"` gives. */
export function groupWord(call: HelperCall, key: 'name' | 'mode' | 'state' | 'discovery_url'): string {
  const word = property(groupOf(call), key);
  return typeof word === 'string'
    ? word
    : call.fail(`the profile has no ${key === 'discovery_url' ? 'discovery' : 'cluster'}`, REMEDY[key]);
}

const REMEDY = {
  name: 'give it "cluster": {"name": "..."}',
  mode: 'give it "cluster": {"name": "..."}',
  state: 'give it "cluster": {"name": "..."}',
  discovery_url: 'give it "cluster": {"name": "...", "size": 3, "mode": "discovery"}',
} as const;

/** Every node of the cluster, by name. Whatever etcd would refuse, or never find, is refused here with its node. */
export function groupNodes(call: HelperCall): readonly EtcdNode[] {
  const nodes = groupOf(call).map((node) => nodeOf(call, node));
  if (nodes.length === 0) return call.fail('the cluster has no nodes', 'list them in the "nodes" of the profile');
  if (nodes.length > MAX_MEMBERS) {
    return call.fail(
      `the cluster has ${nodes.length} nodes, and etcd should have ${MAX_MEMBERS} members at most`,
      'move the other nodes into a profile of their own',
    );
  }
  for (const key of ['name', 'host'] as const) {
    const seen = new Map<string, EtcdNode>();
    for (const node of nodes) {
      const twin = seen.get(node[key]);
      if (twin !== undefined) {
        call.fail(
          key === 'name'
            ? `two nodes are called ${node.name}`
            : `${twin.name} and ${node.name} are both at ${node.host}`,
          'each member needs a name and an address of its own',
        );
      }
      seen.set(node[key], node);
    }
  }
  return nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The second argument: which member this is about. It must be one of the cluster, at the cluster's address. */
export function memberOf(call: HelperCall): EtcdNode {
  const name = property(call.args[1], 'name');
  if (typeof name !== 'string') return call.fail('this helper needs a node', 'write it as {{etcdEnv cluster node}}');
  const node = groupNodes(call).find((one) => one.name === name);
  if (node === undefined) return call.fail(`${name} is not a node of the cluster`, 'list it in "nodes" of the profile');
  const own = property(call.args[1], 'ip');
  if (typeof own === 'string' && hostOf(own) !== node.host) {
    return call.fail(`${name} is at ${own}, and in the cluster at ${node.host}`, 'give it one address');
  }
  return node;
}

/** Checks a member's name and address. */
export function checkedNode(call: HelperCall, name: string, address: string): EtcdNode {
  if (!NAME.test(name)) call.fail(`"${name}" cannot be the name of a member`, 'use letters, digits, . _ and -');
  const host = hostOf(address);
  if (!HOST.test(host)) call.fail(`the address "${address}" of ${name} is none`, 'write it as 192.168.122.2');
  if (NOWHERE.has(host.toLowerCase())) {
    call.fail(`${name} has the address ${address}, where no other member finds it`, 'give it the one in its network');
  }
  return { name, host };
}

function nodeOf(call: HelperCall, node: Json): EtcdNode {
  const [name, ip] = [property(node, 'name'), property(node, 'ip')];
  if (typeof name !== 'string') return call.fail('a node of the cluster has no name', 'give it one');
  if (typeof ip !== 'string') return call.fail(`${name} has no ip`, 'give the node an "ip", or use discovery');
  return checkedNode(call, name, ip);
}

function hostOf(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}
