import { clusterSize, type ClusterLinks } from '../boot/cluster-data.ts';
import type { Catalog, Snapshot } from '../catalog/snapshot.ts';
import { clusterToken } from './cluster-token.ts';
import type { Discovery } from './discovery.ts';
import { Failure, failureLine } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import type { Origin } from '../model/origin.ts';
import type { Profile } from '../model/profile.ts';
import type { Service } from '../model/service.ts';

/** The discovery URLs of clusters as far as they are known: templates are rendered without waiting. */
export class ClusterUrls implements ClusterLinks {
  readonly #urls = new Map<string, string>();
  /** Why a cluster has none. */
  readonly #troubles = new Map<string, string>();

  set(cluster: string, url: string): void {
    this.#urls.set(cluster, url);
    this.#troubles.delete(cluster);
  }

  fail(cluster: string, why: string): void {
    this.#urls.delete(cluster);
    this.#troubles.set(cluster, why);
  }

  /** Failure `unavailable` is no fault of a file: the machine asks again. */
  discoveryUrl({ name }: { readonly name: string }, { file }: Pick<Profile, 'file'>): string {
    const url = this.#urls.get(name);
    if (url !== undefined) return url;
    const why = this.#troubles.get(name);
    throw new Failure(
      'unavailable',
      `the cluster ${name} has no discovery token${why === undefined ? ' yet' : `: ${why}`}`,
      {
        place: { file, key: 'cluster' },
        ...(why === undefined ? { remedy: 'the running server makes one; ask again in a moment' } : {}),
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
  readonly patience?: number;
}

export interface ClusterTokens extends Service {
  /** Tokens were changed by somebody else: looks again what clusters need. */
  again(): void;
}

/**
 * Has a token ready for every cluster that a profile lets meet by discovery: when the server starts and after each
 * change of the folder. Start it after the journal, whose database has the tokens, and after the HTTP door has its port.
 */
export function createClusterTokens(options: ClusterTokensOptions): ClusterTokens {
  const { catalog, discovery, urls, base, log, patience = 5000 } = options;
  let ending: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let loaded = false;
  let stopped = false;
  // One after the other: two runs would make two tokens of one cluster.
  let turn: Promise<void> = Promise.resolve();

  async function ready(cluster: string, size: number): Promise<void> {
    const origin = base();
    const { token, kept } = await clusterToken(discovery, {
      ...{ name: cluster, size },
      urlOf: (one) => `${origin}/discovery/${one}`,
    });
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
      tell(error, 'the discovery tokens cannot be read');
      failed = true;
    }
    if (loaded)
      for (const [cluster, size] of wanted) {
        await ready(cluster, size).catch((error: unknown) => {
          urls.fail(cluster, reason(error));
          tell(error, 'a cluster has no discovery token');
          failed = true;
        });
      }
    if (failed && !stopped) timer = setTimeout(again, patience).unref();
  }

  function tell(error: unknown, message: string): void {
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
