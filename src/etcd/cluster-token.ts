import type { Discovery } from './discovery.ts';
import type { StoredToken } from '../model/discovery.ts';

/** A cluster as profiles ask for it. */
export interface WantedCluster {
  readonly name: string;
  readonly size: number;
  readonly urlOf: (token: string) => string;
}

export interface ClusterToken {
  readonly token: StoredToken;
  /** Why it is not what the profiles ask for now; absent when it is. */
  readonly kept?: string;
}

/**
 * The token of a cluster, made when there is none. It stays the same over restarts. Another size or another base URL
 * makes a new one only while nobody has registered: those who have would never meet the others.
 */
export async function clusterToken(discovery: Discovery, wanted: WantedCluster): Promise<ClusterToken> {
  const { name, size, urlOf } = wanted;
  const make = async (): Promise<ClusterToken> => ({
    token: await discovery.create({ size, urlOf, cluster: name }),
  });
  const token = discovery.all().findLast(({ cluster }) => cluster === name);
  if (token === undefined) return await make();
  const other =
    token.size !== size
      ? `the size is ${String(token.size)} and not ${String(size)}`
      : token.url === urlOf(token.token)
        ? undefined
        : `the discovery URL is ${token.url}`;
  if (other === undefined) return { token };
  if (token.members.length > 0 || token.complete) {
    return { token, kept: `${other}, since members have registered` };
  }
  await discovery.forget(token.token);
  return await make();
}
