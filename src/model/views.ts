import type { FloodView } from './flood.ts';
import type { MachineKey, MachineState } from './machine.ts';
import type { FileDiagnostic } from './failure.ts';
import type { Question } from './plan.ts';
import type { SystemId } from './profile.ts';
import type { SyncEvent } from './sync-event.ts';

// What people are shown, in the API as on the pages. Times are milliseconds since 1970, durations milliseconds.

/** A machine as a line of the table. */
export interface MachineRow {
  readonly key: MachineKey;
  readonly mac?: string;
  readonly uuid?: string;
  readonly serial?: string;
  /** The node's name in its profile. */
  readonly name?: string;
  /** What it calls itself. */
  readonly hostname?: string;
  readonly manufacturer?: string;
  readonly product?: string;
  readonly address?: string;
  /** Who made its network card (by the first half of its MAC). */
  readonly vendor?: string;
  readonly state: MachineState;
  /** Since when it is in that state; absent for a machine that was never seen. */
  readonly since?: number;
  readonly firstSeen?: number;
  readonly lastSeen?: number;
  /** Of its last boot, or the one that it would boot. */
  readonly profile?: string;
  readonly version?: string;
  readonly because?: string;
  /** What its installation waits for, where that is not said by its state. */
  readonly installation?: InstallationView;
  /** What is on its way to it now. */
  readonly download?: Download;
  /** How long its last boots took, oldest first, at most 20. */
  readonly boots: readonly number[];
}

/**
 * `erase-pending`: an operator wants it installed anew. `claimed`: its installer left and has not begun. `damaged`: what is
 * known of it cannot be understood.
 */
export interface InstallationView {
  readonly state: 'claimed' | 'damaged' | 'erase-pending';
  /** One line for people. */
  readonly text: string;
}

/** Files on their way to a machine. */
export interface Download {
  readonly file: string;
  /** Bytes. */
  readonly received: number;
  readonly size: number;
}

export interface MachineQuery {
  /** Part of a MAC, name, serial, product or address. */
  readonly text?: string;
  readonly state?: MachineState;
  readonly profile?: string;
  /** Where the page before ended (`MachinePage.next`). */
  readonly after?: string;
  /** 1 to 500. */
  readonly limit: number;
}

/** Last seen first; machines that were never seen come after them, by name. */
export interface MachinePage {
  readonly machines: readonly MachineRow[];
  readonly next?: string;
  /** How many machines are in each state, whatever was asked for. */
  readonly states: Readonly<Record<MachineState, number>>;
  /** So many new ones ask that they may be invented. */
  readonly flood?: FloodView;
}

/** One thing that happened to a machine. */
export interface TimelineEvent {
  readonly id: number;
  readonly at: number;
  readonly kind: 'dhcp' | 'tftp' | 'script' | 'file' | 'document' | 'phone-home' | 'installed' | 'refused' | 'operator';
  /** One line for people. */
  readonly text: string;
  /** The file, document or path that it is about. */
  readonly what?: string;
  /** How long it took; the event began `ms` before `at`. */
  readonly ms?: number;
  readonly bytes?: number;
  readonly status?: number;
  readonly ok: boolean;
  /** How often the same happened again within a moment; 1 when it did not. */
  readonly times: number;
  /** What it was sent: ask for the sent text by this (SHA-256, hex). */
  readonly digest?: string;
}

/** From the first thing that a machine asked to the moment in which it was up. */
export interface BootView {
  readonly id: number;
  readonly at: number;
  readonly outcome: 'boot' | 'install' | 'local' | 'menu' | 'unknown' | 'waiting';
  readonly profile?: string;
  readonly version?: string;
  /** From its first question to its phone-home (or the installer's report). */
  readonly ms?: number;
  readonly upAt?: number;
  /** Oldest first. */
  readonly events: readonly TimelineEvent[];
}

/** What the journal knows of one machine. */
export interface MachineHistory {
  readonly row: MachineRow;
  /** Newest first, at most 20, each with at most 200 events. */
  readonly boots: readonly BootView[];
}

/** With the question that its last boot script answered: not shown, but asked once more for what it would be sent now. */
export interface RecordedMachine extends MachineHistory {
  readonly asked?: Question;
}

/** What a machine was sent last, and what it would be sent now. */
export interface SentAndNow {
  /** `boot script`, `configs/worker.ign`. */
  readonly title: string;
  readonly sentAt?: number;
  readonly sent?: string;
  readonly now?: string;
  /** Why there is no text now. */
  readonly problem?: string;
}

/** One machine, whole. */
export interface MachineView extends MachineHistory {
  /** Why it gets what it would get now. */
  readonly because: string;
  readonly texts: readonly SentAndNow[];
}

export interface SyncRunView {
  /** The moment in which it began. */
  readonly run: number;
  readonly endedAt?: number;
  readonly failed: number;
  readonly steps: readonly { readonly at: number; readonly event: SyncEvent }[];
}

/** A text in two versions, line by line. */
export interface DiffLine {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

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
  readonly problems: readonly FileDiagnostic[];
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
  readonly problems: readonly FileDiagnostic[];
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
  readonly problems: readonly FileDiagnostic[];
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
