import type { SystemId } from './profile.ts';

/** What a run of the sync works on: one channel of one system for one processor, or one custom profile. */
export interface PlannedTarget {
  /** `flatcar/stable/amd64`, `custom/rescue`. */
  readonly target: string;
  readonly system: SystemId;
  /** The profiles that follow it. */
  readonly profiles: readonly string[];
}

/** What people and programs are told while a sync runs: the lines of `pilotlight sync --json`. */
export type SyncEvent =
  | {
      readonly kind: 'plan';
      readonly targets: readonly PlannedTarget[];
      readonly skipped: readonly SkippedProfile[];
    }
  | {
      readonly kind: 'found';
      readonly target: string;
      readonly version: string;
      /** Below images/. */
      readonly shelf: string;
      readonly files: number;
      readonly profiles: readonly string[];
    }
  | {
      readonly kind: 'download';
      readonly target: string;
      readonly file: string;
      readonly received: number;
      /** Bytes, where the size is known. */
      readonly size?: number;
    }
  | {
      readonly kind: 'retry';
      readonly target: string;
      readonly file: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly why: string;
    }
  | {
      readonly kind: 'verified';
      readonly target: string;
      readonly file: string;
      readonly size: number;
      readonly by: string;
    }
  | { readonly kind: 'published'; readonly target: string; readonly shelf: string }
  | {
      readonly kind: 'rewritten';
      readonly target: string;
      readonly profile: string;
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: 'kept'; readonly target: string; readonly profile: string; readonly why: string }
  | { readonly kind: 'note'; readonly target: string; readonly message: string }
  | { readonly kind: 'failed'; readonly target: string; readonly message: string }
  | { readonly kind: 'removed'; readonly shelf: string; readonly size: number }
  | { readonly kind: 'done'; readonly report: SyncReport };

export interface SkippedProfile {
  readonly profile: string;
  readonly why: string;
}

export interface VersionRewrite {
  readonly profile: string;
  readonly from: string;
  readonly to: string;
}

export interface TargetReport {
  readonly target: string;
  readonly profiles: readonly string[];
  /** What the publisher offers; absent when that could not be found out. */
  readonly version?: string;
  /** `would-fetch` and `would-rewrite` only of a dry run. */
  readonly outcome: 'published' | 'current' | 'held' | 'failed' | 'would-fetch' | 'would-rewrite';
  readonly message?: string;
}

/** What a run did. */
export interface SyncReport {
  readonly targets: readonly TargetReport[];
  readonly skipped: readonly SkippedProfile[];
  readonly rewritten: readonly VersionRewrite[];
  /** Releases that retention took away, below images/. */
  readonly removed: readonly string[];
  /** How many targets failed. */
  readonly failed: number;
}

/** The work was done, or another process holds the lock: which one, and since when. */
export type Locked<T> =
  { readonly kind: 'done'; readonly value: T } | { readonly kind: 'busy'; readonly message: string };
