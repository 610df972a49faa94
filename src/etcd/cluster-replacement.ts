import { memberId } from './members.ts';
import { Failure } from '../model/failure.ts';
import { nearest } from '../model/name.ts';
import type { ClusterMember, ClusterView } from './clusters.ts';

export interface ReplacementStep {
  readonly why: string;
  /** To be typed as they are, on a machine that reaches the cluster. */
  readonly commands: readonly string[];
}

export interface Replacement {
  readonly cluster: string;
  readonly member: string;
  readonly steps: readonly ReplacementStep[];
}

const HEALTHY = 'etcdctl endpoint health';

/**
 * How a member that lost its data comes back. etcd must forget it and take it in again under a new ID: one that comes
 * back empty under the old ID panics ("tocommit is out of range") or has forgotten its votes. Throws Failure
 * `not-found`, and `invalid` where there is nobody to take it in.
 */
export function replacementOf(view: ClusterView, name: string): Replacement {
  const { name: cluster = view.token ?? '', members, profiles, mode } = view;
  const lost = members.find((member) => member.name === name);
  if (lost === undefined) {
    const near = nearest(
      name,
      members.map((member) => member.name),
    );
    throw new Failure('not-found', `${cluster} has no member "${name}"`, {
      remedy:
        near === undefined ? `it has ${members.map((member) => member.name).join(', ')}` : `did you mean "${near}"?`,
    });
  }
  const peers = peersOf(lost);
  const others = members.filter((member) => member !== lost && member.state !== 'absent');
  if (others.length === 0) {
    throw new Failure('invalid', `${cluster} has no other member that could take ${name} in`, {
      remedy: 'a cluster of one is founded anew, or restored from a snapshot',
    });
  }
  // Clients' port beside the peers': where it differs, the operator knows.
  const endpoints = others.flatMap((member) =>
    peersOf(member)
      .map((peer) => peer.replace(/:2380$/, ':2379'))
      .slice(0, 1),
  );
  const etcdctl = `etcdctl --endpoints ${endpoints.join()}`;
  const id = lost.id ?? (mode === 'static' ? memberId(peers, cluster) : undefined);
  const files = profiles.map((profile) => `profiles/${profile}.json`).join(' and ');
  const edit = (state: string): string =>
    files === '' ? `initial-cluster-state=${state}` : `in ${files}: "cluster": {..., "state": "${state}"}`;
  return {
    cluster,
    member: name,
    steps: [
      {
        why: 'from a machine that reaches the others; they must be healthy',
        commands: ['export ETCDCTL_API=3', `${etcdctl} endpoint health`],
      },
      {
        why: `find the ID of ${name} in the first column${id === undefined ? '' : `: ${id}, unless it was replaced before`}`,
        commands: [`${etcdctl} member list`],
      },
      {
        why: 'let the others forget it, wait until they have, and announce the new one',
        commands: [
          `${etcdctl} member remove ${id ?? 'ID'}`,
          'sleep 5',
          `${etcdctl} member add ${name} --peer-urls=${peers.join()}`,
        ],
      },
      { why: `let ${name} join instead of founding a cluster`, commands: [edit('existing')] },
      {
        why: `empty the data directory of ${name} and boot it; wait until it is healthy`,
        commands: [`${etcdctl},${clientOf(lost)} ${HEALTHY.slice('etcdctl '.length)}`],
      },
      {
        why: 'set it back at once: a member whose disk is lost is refused while this says new, and panics while it says existing',
        commands: [edit('new')],
      },
    ],
  };
}

function peersOf(member: ClusterMember): readonly string[] {
  if (member.peers.length > 0) return member.peers;
  throw new Failure('broken', `the address of ${member.name} is not known`, {
    remedy: 'give the node an "ip" in its profile',
  });
}

function clientOf(member: ClusterMember): string {
  return (peersOf(member)[0] ?? '').replace(/:2380$/, ':2379');
}
