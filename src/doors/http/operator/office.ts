import type { MachineKey } from '../../../domain/machine.ts';
import type { Origin } from '../../../domain/origin.ts';
import type { Problem } from '../../../domain/problem.ts';
import type { SystemId } from '../../../domain/profile.ts';
import type { DiffLine, MachinePage, MachineQuery, MachineView, SyncRunView } from '../../../domain/views.ts';

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

export interface Adoption {
  readonly key: MachineKey;
  readonly profile: string;
  /** The node's name; made of what the machine calls itself, or of its MAC, when absent. */
  readonly name?: string;
}

/**
 * Everything that people see and do, for the API, the pages and the command line alike. Throws Failure: `not-found`,
 * `invalid`, `conflict` (the file was changed meanwhile), `broken`, `unavailable` (the journal is off).
 */
export interface Office {
  machines(query: MachineQuery): Promise<MachinePage>;
  machine(key: MachineKey, origin: Origin): Promise<MachineView>;
  /** A text that a machine was sent. */
  sent(digest: string): Promise<string>;
  /** Writes the machine into the profile's `nodes`, also out of another profile's. Gives what was written. */
  adopt(adoption: Adoption): Promise<{ readonly file: string; readonly name: string }>;
  /** Takes the machine out of its profile's `nodes`. */
  release(key: MachineKey): Promise<{ readonly file: string; readonly name: string }>;
  /** Lets the installer run once more at its next boot. The key or the node's name. */
  reinstall(machine: string): Promise<{ readonly key: MachineKey; readonly name?: string }>;
  profiles(): Promise<readonly ProfileRow[]>;
  profile(name: string): Promise<ProfileView>;
  previewProfile(name: string, text: string): Promise<Preview>;
  /** `revision` is the one of the text that the change began with; undefined creates the file. */
  saveProfile(name: string, text: string, revision: string | undefined): Promise<Preview>;
  releases(): Promise<ReleasesView>;
  /** Begins a run of the release sync unless one is running. */
  syncNow(): Promise<{ readonly started: boolean }>;
  rollback(profile: string, version?: string): Promise<{ readonly from: string; readonly to: string }>;
  health(): Promise<HealthView>;
  /** Called when pages may look different, at most a few times a second; returns what ends it. */
  onChange(listener: (what: 'machines' | 'profiles' | 'releases') => void): () => void;
}
