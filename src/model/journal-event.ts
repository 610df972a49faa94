import type { MachineFacts } from './machine.ts';
import type { Activity } from './operator.ts';
import type { Decision } from './plan.ts';
import type { SyncEvent } from './sync-event.ts';

/** What happened to a machine, as the servers saw it. Every kind has one moment (`at`: when it was over). */
export type JournalEvent = Happened &
  (
    | DhcpEvent
    | TftpEvent
    | ScriptEvent
    | FileEvent
    | DocumentEvent
    | PhoneHomeEvent
    | InstalledEvent
    | RefusedEvent
    | IncidentEvent
    | OperatorEvent
  );

interface Happened {
  /** Milliseconds since 1970. */
  readonly at: number;
  /**
   * The machine, as far as it said who it is. Absent where only its address is known (TFTP, files): the journal then
   * finds the machine by the address, also when the machine says who it is a moment later.
   */
  readonly facts?: MachineFacts;
  /** The client's address. */
  readonly from?: string;
}

/** Our DHCP proxy told it what to load. */
export interface DhcpEvent {
  readonly kind: 'dhcp';
  /** What it shall load; absent when it was left alone. */
  readonly file?: string;
  /** Why it was left alone. */
  readonly silence?: string;
  /** For people: `x86_64, EFI`, `iPXE`. */
  readonly client: string;
}

/** A TFTP transfer ended: the boot program (NBP), a script. */
export interface TftpEvent {
  readonly kind: 'tftp';
  readonly file: string;
  readonly bytes: number;
  readonly ms: number;
  /** `done`, or how it ended instead: `aborted`, `vanished`, `not found`. */
  readonly end: string;
}

/** It was told what to boot. */
export interface ScriptEvent {
  readonly kind: 'script';
  readonly decision: Decision;
  /** The script itself. */
  readonly body: Uint8Array;
  /** When it counts as failed unless it has phoned home, in milliseconds since 1970. */
  readonly deadline?: number;
}

/** A kernel, an initramfs, an installer's image: sent as far as `bytes`. */
export interface FileEvent {
  readonly kind: 'file';
  /** Below images/, or as it was asked for. */
  readonly file: string;
  readonly bytes: number;
  readonly ms: number;
  /** HTTP's. */
  readonly status: number;
  /** Whether all that was asked for went out. */
  readonly complete: boolean;
}

/** Its own configuration: cloud-config, Ignition, user-data. */
export interface DocumentEvent {
  readonly kind: 'document';
  /** `configs/a.yml.hbs`. */
  readonly source: string;
  readonly body: Uint8Array;
}

/** The node says that it is up. */
export interface PhoneHomeEvent {
  readonly kind: 'phone-home';
  /** What it said of itself (cloud-init's phone_home): cleaned, short. */
  readonly said: Readonly<Record<string, string>>;
}

/** The installer says that it is done. */
export interface InstalledEvent {
  readonly kind: 'installed';
}

/** It asked for something and did not get it. */
export interface RefusedEvent {
  readonly kind: 'refused';
  /** What was asked for: a path without its query. */
  readonly what: string;
  readonly status: number;
  /** The line that it got. */
  readonly message: string;
}

/** What is not known to be the machine asked or reported in its name. */
export interface IncidentEvent {
  readonly kind: 'incident';
  /** For people: who, what, and what became of it. */
  readonly text: string;
}

/** Whether the machine itself had a part in it. */
export function isOfMachine({ kind }: Pick<JournalEvent, 'kind'>): boolean {
  return kind !== 'operator' && kind !== 'incident';
}

/** What an operator did about it. */
export interface OperatorEvent {
  readonly kind: 'operator';
  readonly action: 'adopt' | 'assign' | 'reinstall' | 'release' | 'power';
  /** For people: `adopted into profiles/workers.json as w1`. */
  readonly text: string;
  /** It could not be done. */
  readonly failed?: boolean;
}

/** A step of a run of the release sync. */
export interface SyncStep {
  readonly at: number;
  /** Which run: the moment in which it began. */
  readonly run: number;
  readonly event: SyncEvent;
}

/** Where the servers and the sync say what happened. Cheap, never throws, never waits. */
export interface Recorder {
  record(event: JournalEvent): void;
  sync(step: SyncStep): void;
  activity(activity: Activity): void;
}

/** Nothing is written down. */
export const NO_RECORDER: Recorder = { record: ignore, sync: ignore, activity: ignore };

function ignore(): void {
  // on purpose
}
