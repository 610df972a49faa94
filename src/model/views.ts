import type { FloodView } from './flood.ts';
import type { MachineKey, MachineState } from './machine.ts';
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
