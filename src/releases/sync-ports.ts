import { lookup } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Snapshot } from '../catalog/snapshot.ts';
import type { Log } from '../model/service.ts';
import type { SyncEvent } from '../model/sync-event.ts';
import type { DataRoot } from '../files/data-root.ts';
import { diskSpace } from './draft.ts';
import { type SyncRunPorts, type Limits, LIMITS } from './ports.ts';
import { hostAndPort } from './targets.ts';
import type { SyncSettings } from '../settings/settings.ts';
import { bootedLately, readBootTimes } from './state-file.ts';
import { FEEDS } from '../os/systems.ts';

interface SyncPortsOptions {
  readonly settings: SyncSettings;
  readonly files: DataRoot;
  /** Reads the folder again. */
  readonly profiles: () => Promise<Snapshot>;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly tell: (event: SyncEvent) => void;
  readonly limits?: Limits;
}

/** What a run of the sync works with, over the real network, clock and disk. */
export async function syncPorts({
  settings,
  files,
  profiles,
  log,
  signal,
  tell,
  limits = LIMITS,
}: SyncPortsOptions): Promise<SyncRunPorts> {
  const { mirrors, trust, keyFiles, keepReleases } = settings;
  const configured = new Set(
    [...Object.values(mirrors), ...customAddresses(await profiles())].map((url) => hostAndPort(new URL(url))),
  );
  const now = (): number => Date.now();
  return {
    releases: {
      root: files,
      network: {
        limits,
        clock: { now, random: Math.random, sleep: async (ms, stop) => sleep(ms, undefined, { signal: stop }) },
        configured,
        lookup,
        log,
        signal,
      },
      space: diskSpace,
      keyFile: (system) => keyFiles[system],
    },
    profiles,
    feeds: FEEDS,
    mirror: (system) => mirrors[system],
    allowSha1: settings.allowSha1,
    pinned: (system) => trust[system],
    booted: async () => bootedLately(await readBootTimes(files), now()),
    keep: keepReleases,
    tell,
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
