import type { MachineKey } from './machine.ts';
import type { Problem } from './problem.ts';
import type { SystemId } from './profile.ts';
import type { SyncEvent } from './sync-event.ts';
import type { DiffLine, SyncRunView } from './views.ts';

// What people are shown of profiles, releases and the server itself, in the API as on the pages.

/** A profile as a line of the table. */
export interface ProfileRow {
  readonly name: string;
  readonly file: string;
  readonly system: SystemId;
  /** For people: `Flatcar Container Linux`. */
  readonly title: string;
  readonly channel: string;
  readonly arch: string;
  /** Empty when it names none. */
  readonly version: string;
  readonly update: 'auto' | 'manual';
  readonly nodes: number;
  readonly default: boolean;
  readonly install: boolean;
  /** Of this file and the documents that it names. */
  readonly problems: readonly Problem[];
  /** False: no good version of it was ever there; it is shown because of its problems. */
  readonly inForce: boolean;
}

export interface ProfileView extends ProfileRow {
  /** The file as it is on disk now. */
  readonly text: string;
  /** Names this very text: a change is made on top of it or not at all (SHA-256, hex). */
  readonly revision: string;
  readonly members: readonly {
    readonly name: string;
    readonly key?: MachineKey;
    readonly address?: string;
    readonly identity: string;
  }[];
  /** What may stand in it: from the schema, for the editor's help. */
  readonly keys: readonly { readonly key: string; readonly help: string; readonly example?: string }[];
}

/** What a change of a file would do. */
export interface Preview {
  readonly file: string;
  readonly diff: readonly DiffLine[];
  /** An error among them: it would not come into force, and is not written. */
  readonly problems: readonly Problem[];
}

export interface ReleaseRow {
  /** `flatcar/stable/amd64`. */
  readonly target: string;
  readonly profiles: readonly string[];
  /** Below images/, with what keeps it. */
  readonly shelves: readonly {
    readonly shelf: string;
    readonly version: string;
    /** Bytes. */
    readonly size: number;
    readonly publishedAt?: number;
    /** How it was verified, for people: `signed by ...`. */
    readonly verified?: string;
    /** `named by profiles/a.json`, `booted 3 days ago`, `one of the newest 2`; empty: the next sync removes it. */
    readonly keptBecause: readonly string[];
  }[];
  readonly held?: string;
  readonly progress?: {
    readonly state: 'waiting' | 'fetching' | 'verifying' | 'published' | 'failed';
    readonly version?: string;
    readonly received: number;
    readonly size: number;
    readonly message?: string;
  };
}

export interface ReleasesView {
  readonly running: boolean;
  /** `17 4 * * *`; undefined: off. */
  readonly schedule?: string;
  readonly nextRun?: number;
  readonly targets: readonly ReleaseRow[];
  readonly runs: readonly SyncRunView[];
}

export interface HealthView {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly problems: readonly Problem[];
  /** What is wrong with the server itself, each with what to do: the journal is off, the disk is nearly full. */
  readonly troubles: readonly {
    readonly what: string;
    readonly remedy: string;
    readonly severity: 'error' | 'warning';
  }[];
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

/** A piece of what a run of the sync tells, for who follows it. */
export interface SyncSteps {
  readonly steps: readonly SyncEvent[];
  /** The next question's `after`. */
  readonly last: number;
  /** How the run ended; absent while it is under way. */
  readonly end?: SyncEnd;
}

/** `busy`: another process works on the data directory, nothing was done. `broken`: it ended without a report. */
export type SyncEnd = { readonly kind: 'done' } | { readonly kind: 'broken' | 'busy'; readonly message: string };

/** What a rollback did. */
export interface RolledBack {
  readonly profile: string;
  readonly from: string;
  readonly to: string;
  /** Until what is newer than this is published; undefined for a profile that the sync leaves alone anyway. */
  readonly heldAbove?: string;
}

/** A release that retention took away. */
export interface RemovedRelease {
  /** Below images/. */
  readonly shelf: string;
  /** Bytes. */
  readonly size: number;
}
