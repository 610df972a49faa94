import { clusterSize } from '../boot/template-data.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import type { StoredToken } from '../model/discovery.ts';
import { Failure } from '../model/failure.ts';
import type { Node, Profile } from '../model/profile.ts';
import { nearest } from '../model/text.ts';
import { memberId, readMember } from './members.ts';

/** Who is in a cluster. */
export interface ClusterMember {
  readonly name: string;
  /** What it registered, or for a static cluster where its profile says it is. */
  readonly peers: readonly string[];
  /** As etcd calls it (`etcdctl member list`). */
  readonly id?: string;
  /** `absent`: a node of the profile that has not registered. `told`: it knows that it is registered. */
  readonly state: 'static' | 'registered' | 'told' | 'absent';
}

/** A cluster of the profiles, or a token that none of them asked for. */
export interface ClusterView {
  /** Absent for a token that no profile asked for. */
  readonly name?: string;
  readonly mode: 'static' | 'discovery';
  readonly profiles: readonly string[];
  readonly size: number;
  readonly registered: number;
  /** `complete`: all were registered once. `no token`: the server has not made one yet. */
  readonly state: 'static' | 'complete' | 'waiting' | 'no token';
  readonly token?: string;
  readonly url?: string;
  readonly members: readonly ClusterMember[];
  /** What an operator should know. */
  readonly notes: readonly string[];
}

/** Every cluster of the profiles by name, then every other token by its age. */
export function clusterViews(
  { profiles }: Pick<Snapshot, 'profiles'>,
  tokens: readonly StoredToken[],
): readonly ClusterView[] {
  const named = new Map<string, Profile[]>();
  for (const profile of profiles.values()) {
    const name = profile.cluster?.name;
    if (name !== undefined) named.set(name, [...(named.get(name) ?? []), profile]);
  }
  const shown = new Set<string>();
  const views = [...named]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => {
      if (own.every(({ cluster }) => cluster?.mode === 'static')) return staticView(name, own);
      const token = tokens.findLast(({ cluster }) => cluster === name);
      if (token !== undefined) shown.add(token.token);
      return discoveryView(name, own, token);
    });
  return [
    ...views,
    ...tokens.filter(({ token }) => !shown.has(token)).map((token) => discoveryView(token.cluster, [], token)),
  ];
}

/** The cluster of that name, or with that token. Throws Failure `not-found` with the name that was probably meant. */
export function clusterNamed(views: readonly ClusterView[], name: string): ClusterView {
  const found = views.find((view) => view.name === name) ?? views.find((view) => view.token === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    views.flatMap((view) => view.name ?? []),
  );
  throw new Failure('not-found', `there is no cluster "${name}"`, {
    remedy: near === undefined ? 'see `pilotlight clusters`' : `did you mean "${near}"?`,
  });
}

function staticView(name: string, profiles: readonly Profile[]): ClusterView {
  const nodes = profiles.flatMap((profile) => profile.nodes);
  const lost = nodes.filter(({ ip }) => ip === undefined).map((node) => node.name);
  return {
    ...{ name, mode: 'static', profiles: profiles.map((profile) => profile.name), size: nodes.length, state: 'static' },
    registered: nodes.length,
    members: nodes.map((node) => ({ name: node.name, peers: peersOf(node), state: 'static' })),
    notes: [...notesOf(profiles), ...(lost.length === 0 ? [] : [`no ip: ${lost.join(', ')}`])],
  };
}

function discoveryView(
  name: string | undefined,
  profiles: readonly Profile[],
  token: StoredToken | undefined,
): ClusterView {
  const registered = (token?.members ?? []).map(({ id, value, confirmed }): ClusterMember => {
    const words = readMember(value);
    return { name: words?.name ?? value, peers: words?.urls ?? [], id, state: confirmed ? 'told' : 'registered' };
  });
  const known = new Set(registered.map((member) => member.name));
  const absent = profiles
    .flatMap((profile) => profile.nodes)
    .filter((node) => !known.has(node.name))
    .map((node): ClusterMember => ({ name: node.name, peers: peersOf(node), state: 'absent' }));
  const wanted = Math.max(
    0,
    ...profiles.map((profile) => (profile.cluster === undefined ? 0 : clusterSize(profile, profile.cluster))),
  );
  const size = token?.size ?? wanted;
  return {
    name,
    ...{ mode: 'discovery', profiles: profiles.map((profile) => profile.name), size, registered: registered.length },
    state: token === undefined ? 'no token' : token.complete ? 'complete' : 'waiting',
    ...{ token: token?.token, url: token?.url },
    members: [...registered, ...(token?.complete === true ? [] : absent)],
    notes: [
      ...notesOf(profiles),
      ...(token !== undefined && profiles.length > 0 && token.size !== wanted
        ? [`the profile says ${wanted} members, and the token is for ${token.size}: members have registered`]
        : []),
    ],
  };
}

function notesOf(profiles: readonly Profile[]): readonly string[] {
  return profiles.some(({ cluster }) => cluster?.state === 'existing')
    ? ['"state": "existing": set it back to "new" when the replaced member is healthy']
    : [];
}

function peersOf({ ip }: Pick<Node, 'ip'>): readonly string[] {
  return ip === undefined ? [] : [`http://${ip.includes(':') ? `[${ip}]` : ip}:2380`];
}

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

/**
 * How a member that lost its data comes back. etcd must forget it and take it in again under a new ID: one that comes
 * back empty under the old ID panics ("tocommit is out of range") or has forgotten its votes. Throws Failure
 * `not-found`, and `invalid` where no other member could take it in.
 */
export function replacementOf(view: ClusterView, name: string): Replacement {
  const { name: cluster = view.token ?? '', members, profiles, mode } = view;
  const lost = members.find((member) => member.name === name);
  if (lost === undefined) {
    const names = members.map((member) => member.name);
    const near = nearest(name, names);
    throw new Failure('not-found', `${cluster} has no member "${name}"`, {
      remedy: near === undefined ? `it has ${names.join(', ')}` : `did you mean "${near}"?`,
    });
  }
  const peers = peersIn(lost);
  const others = members.filter((member) => member !== lost && member.state !== 'absent');
  if (others.length === 0) {
    throw new Failure('invalid', `${cluster} has no other member that could take ${name} in`, {
      remedy: 'a cluster of one is founded anew, or restored from a snapshot',
    });
  }
  // Clients' port beside the peers': where it differs, the operator knows.
  const etcdctl = `etcdctl --endpoints ${others.map(clientOf).join()}`;
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
        commands: [`${etcdctl},${clientOf(lost)} endpoint health`],
      },
      {
        why: 'set it back at once: a member whose disk is lost is refused while this says new, and panics while it says existing',
        commands: [edit('new')],
      },
    ],
  };
}

function peersIn(member: ClusterMember): readonly string[] {
  if (member.peers.length > 0) return member.peers;
  throw new Failure('broken', `the address of ${member.name} is not known`, {
    remedy: 'give the node an "ip" in its profile',
  });
}

function clientOf(member: ClusterMember): string {
  return (peersIn(member)[0] ?? '').replace(/:2380$/, ':2379');
}
