import type { MachineFacts } from './machine.ts';
import type { Decision } from './plan.ts';
import type { SyncEvent } from './sync-event.ts';

const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const LEFT_OUT = ' (left out) ';
/** What `BEGIN` is in base64, as far as it does not depend on what follows. */
const ENCODED = Buffer.from(BEGIN).toString('base64').slice(0, 46);

// As text, also indented, with escaped line ends in JSON, or cut off; and in base64, as a data URL has it.
const AS_TEXT = new RegExp(`${BEGIN}[\\s\\S]*?(?:-----END OPENSSH PRIVATE KEY-----|$)`, 'g');
const AS_BASE64 = new RegExp(`${ENCODED}[A-Za-z0-9+/=]*`, 'g');

/**
 * What may be kept and shown of a document that a machine was sent: a private SSH key in it is left out. What is packed
 * (gzip) is not looked into. Gives the same bytes where there is none.
 */
export function hidePrivateKeys(body: Uint8Array): Uint8Array {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes(BEGIN) && !bytes.includes(ENCODED)) return body;
  const text = bytes.toString('utf8');
  return Buffer.from(text.replaceAll(AS_TEXT, `${BEGIN}${LEFT_OUT}`).replaceAll(AS_BASE64, `${ENCODED}${LEFT_OUT}`));
}

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

/** What an operator did about it. */
export interface OperatorEvent {
  readonly kind: 'operator';
  readonly action: 'adopt' | 'assign' | 'reinstall' | 'release';
  /** For people: `adopted into profiles/workers.json as w1`. */
  readonly text: string;
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
}

/** Nothing is written down. */
export const NO_RECORDER: Recorder = { record: ignore, sync: ignore };

function ignore(): void {
  // on purpose
}
