import { lookup } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Snapshot } from '../catalog/snapshot.ts';
import { type AppContext, readContext } from '../context/app-context.ts';
import { type Log, SILENT } from '../model/service.ts';
import type { Locked, SyncEvent, SyncReport } from '../model/sync-event.ts';
import { SYSTEMS } from '../os/systems.ts';
import { readRollouts } from '../rollouts/rollout-file.ts';
import type { Settings, SyncSettings } from '../settings/settings.ts';
import { diskSpace } from './draft.ts';
import { type Limits, LIMITS, type SyncOptions, type SyncRunPorts } from './ports.ts';
import { runSync, underLock } from './sync-runner.ts';
import { hostAndPort } from './targets.ts';

export interface SyncOnce {
  readonly signal: AbortSignal;
  readonly emit: (event: SyncEvent) => void;
  /** What the operator should know and what does not stop the run. */
  readonly warn: (text: string) => void;
  readonly options: Pick<SyncOptions, 'dryRun' | 'allowDowngrade'>;
}

/** One run by a command: where no server runs, as the child of one, or as a dry run beside one. */
export async function syncOnce(settings: Settings, { warn, ...run }: SyncOnce): Promise<Locked<SyncReport>> {
  return await syncHere(await readContext(settings), { ...run, what: 'a sync', log: warnings(warn) }, settings.sync);
}

interface Run extends Omit<SyncOnce, 'warn'> {
  /** Named to others that find it at work. */
  readonly what: string;
  readonly log: Log;
}

/** One run by this process, under the lock; a dry run changes nothing and needs none. */
export async function syncHere(
  { files, catalog }: Pick<AppContext, 'files' | 'catalog'>,
  { what, log, signal, emit, options }: Run,
  settings: SyncSettings,
): Promise<Locked<SyncReport>> {
  const work = async (): Promise<SyncReport> =>
    await runSync(await syncPorts({ settings, files, catalog, log, signal, emit }), options);
  return options.dryRun === true ? { kind: 'done', value: await work() } : await underLock(files, what, work);
}

/** The rooms below log as they do in a server; a command line shows what is not in its events. */
function warnings(warn: (text: string) => void): Log {
  const say = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    const about = Object.values(fields).filter((value) => typeof value === 'string');
    warn([message, ...about].join(': '));
  };
  return { ...SILENT, warn: say, error: say };
}

interface SyncPortsOptions extends Pick<AppContext, 'files' | 'catalog'> {
  readonly settings: SyncSettings;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly emit: (event: SyncEvent) => void;
  readonly limits?: Limits;
}

/** What a run of the sync works with, over the real network, clock and disk. */
export async function syncPorts(options: SyncPortsOptions): Promise<SyncRunPorts> {
  const { settings, files, catalog, log, signal, emit, limits = LIMITS } = options;
  const { mirrors, trust, keyFiles, allowSha1, keepReleases } = settings;
  const addresses = [...Object.values(mirrors), ...customAddresses(await catalog.refresh())];
  return {
    releases: {
      root: files,
      network: {
        limits,
        clock: {
          now: Date.now,
          random: Math.random,
          sleep: async (ms, stop) => sleep(ms, undefined, { signal: stop }),
        },
        configured: new Set(addresses.map((url) => hostAndPort(new URL(url)))),
        lookup,
        log,
        signal,
      },
      space: diskSpace,
      keyFile: (system) => keyFiles[system],
    },
    async profiles() {
      // Also those that this run began: what they roll out is in use.
      catalog.follow((await readRollouts(files)).rollouts);
      return await catalog.refresh();
    },
    feeds: SYSTEMS,
    mirror: (system) => mirrors[system],
    pinned: (system) => trust[system],
    allowSha1,
    keep: keepReleases,
    emit,
  };
}

// An address that the operator wrote in a profile is as good as one in the settings: it may be in the LAN.
function customAddresses({ profiles }: Snapshot): readonly string[] {
  return [...profiles.values()].flatMap(({ release }) => {
    const files: unknown = release?.['files'];
    if (!Array.isArray(files)) return [];
    return (files as readonly { readonly url?: unknown }[]).flatMap(({ url }) =>
      typeof url === 'string' && URL.canParse(url) ? [url] : [],
    );
  });
}
