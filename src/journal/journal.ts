import type { DiscoveryStore } from '../model/discovery.ts';
import type { ActivityQuery, RecordedActivity } from '../model/operator.ts';
import type { Recorder } from '../model/journal-event.ts';
import type { LogLine, LogPage, LogQuery } from '../model/machine-views.ts';
import type { MachineKey } from '../model/machine.ts';
import type { QueueLimits } from './queue.ts';
import type { Service } from '../model/service.ts';
import type { SyncRunView } from '../model/release-views.ts';
import type { FloodView, MachinePage, MachineQuery, RecordedMachine } from '../model/views.ts';

/**
 * What happened. Answers never wait for it: events are taken in memory and written by a thread of its own several
 * times a second. When the database cannot be written (no space, damaged, no SQLite on this host) it is off: it says
 * so once in the log and in `status`, takes nothing more, and everything else goes on. Queries then throw Failure
 * `unavailable`.
 */
export interface Journal extends Recorder, Service {
  /** The tokens of etcd discovery: a change is on the disk when `write` resolves. */
  readonly discovery: DiscoveryStore;
  status(): JournalStatus;
  /** The machines of the profiles in force: all of them, in place of those before. */
  know(nodes: readonly KnownNode[]): void;
  machines(query: MachineQuery): Promise<MachinePage>;
  /** Undefined for a machine that was never seen and that no profile names. */
  machine(key: MachineKey): Promise<RecordedMachine | undefined>;
  /** A line of a machine's log; false where there is no room for it. One that no known machine said is not kept. */
  log(line: LogLine): boolean;
  /** Undefined for a machine that was never seen and that no profile names. */
  logLines(key: MachineKey, query: LogQuery): Promise<LogPage | undefined>;
  /** A text that was sent, by its digest; undefined when it has aged out. */
  sent(digest: string): Promise<Uint8Array | undefined>;
  /** What operators changed, newest first. */
  activities(query: ActivityQuery): Promise<readonly RecordedActivity[]>;
  /** Newest first. */
  syncRuns(limit: number): Promise<readonly SyncRunView[]>;
  /** Resolves when the database is open or off, and everything that was recorded before is written or lost. */
  flushed(): Promise<void>;
  /** Called after new events are written, with the machines that they are about (none of a boot by a profile's name); returns what ends it. */
  onWritten(listener: (machines: ReadonlySet<MachineKey>) => void): () => void;
}

export interface JournalTimes {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly flushMs?: number;
  /** After which a database that could not be used is tried again. */
  readonly retryMs?: number;
  readonly ageMs?: number;
  readonly limits?: QueueLimits;
  /** What goes first: the database is opened when this resolves, or when it is asked something before. */
  readonly after?: Promise<unknown> | undefined;
}

/** A machine that a profile names, so that pages can show it before it was ever seen. */
export interface KnownNode {
  readonly key: MachineKey;
  readonly name: string;
  readonly profile: string;
  readonly version: string;
  readonly address?: string;
  readonly tags?: readonly string[];
}

export interface JournalStatus {
  readonly on: boolean;
  /** For people: why it is off, and what to do. */
  readonly why?: string;
  /** Events that were not written, for whatever reason. */
  readonly lost: number;
  /** The same by reason, where there are any. */
  readonly losses?: Losses;
  /** Lines of logs that no known machine said, since the start, and the address of the last one. */
  readonly strangeLines?: { readonly lines: number; readonly from: string };
  /** Machines are being invented, as far as it can be seen. */
  readonly flood?: FloodView;
}

/** Why events were not written. */
export interface Losses {
  /** They came faster than the disk writes. */
  readonly fast: number;
  /** The journal was off, or could not be written when they came. */
  readonly off: number;
  /** Mistakes of the program: the log has them. */
  readonly mistakes: number;
}
