import type { Snapshot } from '../catalog/snapshot.ts';
import type { Feed } from '../model/feed.ts';
import type { SystemId } from '../model/profile.ts';
import type { SyncEvent, TargetReport, VersionRewrite } from '../model/sync-event.ts';
import type { ReleasePorts } from './ports.ts';
import type { SyncState } from './holds.ts';
import type { SyncTarget } from './plan.ts';

/** Everything that the clerk gets from the world. */
export interface ClerkPorts {
  readonly releases: Omit<ReleasePorts, 'progress'>;
  /** What the folder says now: it is read again each time. */
  readonly profiles: () => Promise<Snapshot>;
  readonly feeds: Readonly<Record<SystemId, Feed>>;
  /** A base URL instead of the publisher's. */
  readonly mirror: (system: SystemId) => string | undefined;
  /** Fingerprints instead of the publisher's. */
  readonly pinned: (system: SystemId) => readonly string[] | undefined;
  readonly allowSha1: boolean;
  /** Shelves that nodes booted from in the last days. */
  readonly booted: () => Promise<ReadonlySet<string>>;
  /** How many releases of every series stay in any case. */
  readonly keep: number;
  readonly tell: (event: SyncEvent) => void;
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
