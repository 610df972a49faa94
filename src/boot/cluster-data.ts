import { Failure } from '../model/failure.ts';
import type { Cluster, Json, JsonObject, Profile } from '../model/profile.ts';

/** What is known of the discovery of clusters. */
export interface ClusterLinks {
  /** The discovery URL of a cluster. Throws Failure `unavailable` while there is none: the machine asks again. */
  discoveryUrl(cluster: Cluster, profile: Profile): string;
}

/** Where only the form of a document matters: a URL as long as any that is made here. */
export const SAMPLE_LINKS: ClusterLinks = {
  discoveryUrl: () => 'http://192.0.2.1:4777/discovery/00000000000000000000000000000000',
};

/**
 * `cluster` in a template: the list of the profile's nodes, which has what the profile's `"cluster"` says as properties
 * beside them: name, mode, state, size, and for a discovery its URL and token. These two are looked up when a template
 * names them: nobody else has to wait for them.
 */
export function clusterData(profile: Profile, nodes: readonly JsonObject[], links: ClusterLinks): Json {
  const { cluster } = profile;
  const list: readonly Json[] = [...nodes];
  if (cluster === undefined) return list;
  const { name, mode, state } = cluster;
  const size = clusterSize(profile, cluster);
  const data = Object.assign(list, { name, mode, state, size });
  if (mode === 'static') return data;
  const url = (): string => links.discoveryUrl(cluster, profile);
  return Object.defineProperties(data, {
    discovery_url: { enumerable: true, get: url },
    token: { enumerable: true, get: () => url().split('/').at(-1) ?? '' },
  });
}

/** Members that the cluster waits for: what the profile says, else one for each node, else three. */
export function clusterSize({ nodes }: Pick<Profile, 'nodes'>, { size }: Pick<Cluster, 'size'>): number {
  return size ?? (nodes.length >= 1 && nodes.length <= 9 ? nodes.length : 3);
}

/** No server: nothing makes tokens. */
export const NO_LINKS: ClusterLinks = {
  discoveryUrl({ name }, { file }) {
    throw new Failure('unavailable', `the cluster ${name} has no discovery token`, {
      place: { file, key: 'cluster' },
      remedy: 'the running server makes one',
    });
  },
};
