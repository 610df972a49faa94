import type { LookupFunction } from 'node:net';
import type { Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import type { SystemId } from '../model/profile.ts';
import type { ArtifactKind, Feed } from '../model/release.ts';
import type { Log } from '../model/service.ts';
import type { SyncEvent, TargetReport, VersionRewrite } from '../model/sync-event.ts';
import type { SyncTarget } from './plan.ts';
import type { SyncState } from './sync-state.ts';

/** Time and chance. */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes: only for comparing with what publishers say. */
  readonly now: () => number;
  /** Resolves after `ms`, rejects with the signal's reason when it aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Milliseconds. */
export interface Limits {
  readonly connect: number;
  /** Without a single byte. */
  readonly idle: number;
  /** One file, with all its retries. */
  readonly total: number;
  /** After the first one. */
  readonly retries: number;
  /** Bytes of a file whose size is not said: several times what the largest ones have today. */
  readonly ceilings: Readonly<Record<ArtifactKind, number>>;
}

const GIB = 1024 ** 3;
export const LIMITS: Limits = {
  connect: 15_000,
  idle: 60_000,
  total: 3_600_000,
  retries: 5,
  ceilings: { kernel: GIB / 4, initrd: 2 * GIB, rootfs: 4 * GIB, iso: 8 * GIB, install: 4 * GIB },
};

/** What reaches out to the network. */
export interface Network {
  readonly limits: Limits;
  readonly clock: Clock;
  /** `host:port` of every address that the operator configured: only these may be in a private network. */
  readonly configured: ReadonlySet<string>;
  readonly lookup: LookupFunction;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What people and programs are told while a release is obtained. */
export type ReleaseEvent =
  | { readonly kind: 'download'; readonly file: string; readonly received: number; readonly size: number | undefined }
  | {
      readonly kind: 'retry';
      readonly file: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly why: string;
    }
  | { readonly kind: 'verified'; readonly file: string; readonly size: number; readonly by: string }
  | { readonly kind: 'published'; readonly shelf: string };

export interface ReleasePorts {
  readonly root: DataRoot;
  readonly network: Network;
  readonly progress: (event: ReleaseEvent) => void;
  /** Free and total bytes of the file system that holds this host path. */
  readonly space: (path: string) => Promise<{ readonly free: number; readonly total: number }>;
  /** A key file that the operator names for a system, on the host. */
  readonly keyFile?: (system: SystemId) => string | undefined;
}

/** Everything that a run of the sync gets from the world. */
export interface SyncRunPorts {
  readonly releases: Omit<ReleasePorts, 'progress'>;
  /** What the folder says now: it is read again each time. */
  readonly profiles: () => Promise<Snapshot>;
  readonly feeds: Readonly<Record<SystemId, Feed>>;
  /** A base URL instead of the publisher's. */
  readonly mirror: (system: SystemId) => string | undefined;
  /** Fingerprints instead of the publisher's. */
  readonly pinned: (system: SystemId) => readonly string[] | undefined;
  readonly allowSha1: boolean;
  /** How many releases of every series stay in any case. */
  readonly keep: number;
  readonly emit: (event: SyncEvent) => void;
}

export interface SyncOptions {
  /** Says what would be done: reads feeds, fetches no release, writes nothing below images/ and profiles/. */
  readonly dryRun?: boolean;
  /** Also an older release than the one in force. */
  readonly allowDowngrade?: boolean;
  /** Instead of what the profiles follow. */
  readonly targets?: readonly SyncTarget[];
}

/** What one target came to, and what is to be remembered of it. */
export interface Followed {
  readonly report: TargetReport;
  readonly rewritten: readonly VersionRewrite[];
  readonly state: SyncState;
}
