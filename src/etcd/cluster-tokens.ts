import { isIPv4 } from 'node:net';
import { type ClusterLinks, clusterSize } from '../boot/template-data.ts';
import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import type { StoredToken } from '../model/discovery.ts';
import { Failure, failureLine } from '../model/failure.ts';
import { type Origin, originFromHost } from '../model/plan.ts';
import type { Profile } from '../model/profile.ts';
import type { Log, Service } from '../model/service.ts';
import { expandListen, type LocalAddress, localAddresses } from '../net/addresses.ts';
import type { Settings } from '../settings/settings.ts';
import type { Discovery } from './discovery.ts';

/** The discovery URLs of clusters as far as they are known: templates are rendered without waiting. */
export class ClusterUrls implements ClusterLinks {
  readonly #urls = new Map<string, string>();
  /** Why a cluster has none. */
  readonly #failures = new Map<string, string>();

  set(cluster: string, url: string): void {
    this.#urls.set(cluster, url);
    this.#failures.delete(cluster);
  }

  fail(cluster: string, why: string): void {
    this.#urls.delete(cluster);
    this.#failures.set(cluster, why);
  }

  /** Failure `unavailable` is no fault of a file: the machine asks again. */
  discoveryUrl({ name }: { readonly name: string }, { file }: Pick<Profile, 'file'>): string {
    const url = this.#urls.get(name);
    if (url !== undefined) return url;
    const why = this.#failures.get(name);
    throw new Failure(
      'unavailable',
      `the cluster ${name} has no discovery token${why === undefined ? ' yet' : `: ${why}`}`,
      {
        place: { file, key: 'cluster' },
        remedy: why === undefined ? 'the running server makes one; ask again in a moment' : undefined,
      },
    );
  }
}

export interface ClusterTokensOptions {
  readonly catalog: Pick<Catalog, 'current' | 'onChange'>;
  readonly discovery: Discovery;
  readonly urls: ClusterUrls;
  /** What discovery URLs begin with; throws Failure where it is not known. */
  readonly base: () => Origin;
  readonly log: Log;
  /** Milliseconds until what failed is tried again. */
  readonly retryMs?: number;
}

export interface ClusterTokens extends Service {
  /** Tokens were changed by an operator: looks again what clusters need. */
  again(): void;
}

/**
 * Has a token ready for every cluster that a profile lets meet by discovery: when the server starts and after each
 * change of the folder. Start it after the journal, whose database has the tokens, and after the HTTP server has its port.
 */
export function createClusterTokens(options: ClusterTokensOptions): ClusterTokens {
  const { catalog, discovery, urls, base, log, retryMs = 5000 } = options;
  let ending: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let loaded = false;
  let stopped = false;
  // One after the other: two runs would make two tokens of one cluster.
  let turn: Promise<void> = Promise.resolve();

  async function ready(cluster: string, size: number): Promise<void> {
    const origin = base();
    const urlOf = (one: string): string => `${origin}/discovery/${one}`;
    const { token, kept } = await clusterToken(discovery, { name: cluster, size, urlOf });
    urls.set(cluster, token.url);
    if (kept !== undefined)
      log.warn({ cluster, kept }, 'a cluster keeps its discovery token: see `pilotlight clusters`');
  }

  async function run({ profiles }: Pick<Snapshot, 'profiles'>): Promise<void> {
    const wanted = wantedClusters(profiles.values());
    let failed = false;
    try {
      if (!loaded) await discovery.load();
      loaded = true;
    } catch (error) {
      for (const cluster of wanted.keys()) urls.fail(cluster, reason(error));
      logFailure(error, 'the discovery tokens cannot be read');
      failed = true;
    }
    if (loaded)
      for (const [cluster, size] of wanted) {
        await ready(cluster, size).catch((error: unknown) => {
          urls.fail(cluster, reason(error));
          logFailure(error, 'a cluster has no discovery token');
          failed = true;
        });
      }
    if (failed && !stopped) timer = setTimeout(again, retryMs).unref();
  }

  function logFailure(error: unknown, message: string): void {
    if (error instanceof Failure) log.warn({ problem: failureLine(error) }, message);
    else log.error({ err: error }, message);
  }

  function again(): void {
    clearTimeout(timer);
    turn = turn.then(() => run(catalog.current()));
  }

  return {
    name: 'cluster tokens',
    again,
    async start() {
      ending = catalog.onChange(again);
      again();
      await turn;
    },
    async stop() {
      stopped = true;
      ending?.();
      await turn;
      clearTimeout(timer);
    },
  };
}

/** Profiles may share a cluster; it is as large as the largest of them says. */
export function wantedClusters(profiles: Iterable<Profile>): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  for (const profile of profiles) {
    const { cluster } = profile;
    if (cluster?.mode !== 'discovery') continue;
    wanted.set(cluster.name, Math.max(clusterSize(profile, cluster), wanted.get(cluster.name) ?? 0));
  }
  return wanted;
}

function reason(error: unknown): string {
  return error instanceof Failure ? failureLine(error) : 'see the log of the server';
}

/** A cluster as profiles ask for it. */
interface WantedCluster {
  readonly name: string;
  readonly size: number;
  readonly urlOf: (token: string) => string;
}

interface ClusterToken {
  readonly token: StoredToken;
  /** Why it is not what the profiles ask for now; absent when it is. */
  readonly kept?: string;
}

/**
 * The token of a cluster, made when there is none. It stays the same over restarts. Another size or another base URL
 * makes a new one only while no member has registered: those who have would never meet the others.
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
      ? `the size is ${token.size} and not ${size}`
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

/**
 * What discovery URLs begin with. Every member must be given the same bytes, so this is the base URL of the settings, or
 * else the one address at which machines can reach this host, and never what a request says. Throws Failure
 * `unavailable` where it could be one or another.
 */
export function discoveryBase(
  { baseUrl, http }: Pick<Settings, 'baseUrl' | 'http'>,
  port: number,
  local: readonly LocalAddress[] = localAddresses(),
): Origin {
  if (baseUrl !== undefined) return baseUrl;
  const named = http.host !== '0.0.0.0' && http.host !== '::';
  const all = named
    ? [http.host]
    : expandListen(
        http.host,
        local.filter(({ internal }) => !internal),
      ).filter((address) => !/^fe80:/i.test(address));
  // A host of both families is reached by IPv4: its IPv6 addresses are many, and some of them pass.
  const reached = all.some(isIPv4) ? all.filter(isIPv4) : all;
  const [address] = reached;
  const origin =
    address === undefined || reached.length > 1
      ? undefined
      : originFromHost(`${address.includes(':') ? `[${address}]` : address}:${port}`);
  if (origin !== undefined) return origin;
  const why =
    reached.length > 1 ? `this host has several addresses (${reached.join(', ')})` : 'this host has no address';
  throw new Failure('unavailable', `discovery URLs need one spelling, and ${why}`, {
    remedy: 'set PILOTLIGHT_BASE_URL to how machines reach this server, http://192.168.122.1:4777',
  });
}
