import type { Log } from '../model/log.ts';
import type { Durable } from './asks.ts';
import type { Journal } from './journal.ts';
import { openInProcess } from './in-process.ts';
import { LivingJournal, type JournalTimes } from './living-journal.ts';
import { openThread } from './thread.ts';
import type { UnlistedLimits } from './unlisted.ts';
import type { HostOptions } from './host.ts';

export interface JournalOptions extends JournalTimes {
  /** Absolute: state/pilotlight.db. */
  readonly file: string;
  /** How long events are kept; the texts that machines were sent 30 days at most. */
  readonly days: number;
  readonly log: Log;
  /** How many machines that no profile names are kept. */
  readonly unlisted?: UnlistedLimits;
}

export interface ThreadOptions {
  /**
   * How the thread's Node is started, by default as this one. A process that runs TypeScript by other means than its
   * own options (vitest) says here what the thread needs for it.
   */
  readonly execArgv?: readonly string[];
}

/** What the journal says of the machines, and what other rooms keep durably in its database. */
export type DurableJournal = Journal & Durable;

/** The journal of a server: its database is on a thread of its own. Nothing happens before `start`. */
export function createJournal({
  file,
  days,
  log,
  unlisted,
  execArgv,
  ...times
}: JournalOptions & ThreadOptions): DurableJournal {
  return new LivingJournal(openThread(storeOptions({ file, days, unlisted }), execArgv), log, times);
}

/**
 * The journal of a process that has nobody to keep waiting: a command, or the sync. Open when this resolves, or off
 * with its reason in `status`. `stop` it at the end, or its last moment is not written.
 */
export async function openJournalDirectly({
  file,
  days,
  log,
  unlisted,
  ...times
}: JournalOptions): Promise<DurableJournal> {
  const journal = new LivingJournal(openInProcess(storeOptions({ file, days, unlisted })), log, times);
  await journal.start();
  await journal.opened();
  return journal;
}

function storeOptions({
  file,
  days,
  unlisted,
}: Pick<JournalOptions, 'file' | 'days'> & { unlisted: UnlistedLimits | undefined }): Omit<HostOptions, 'load'> {
  return { file, days, ...(unlisted === undefined ? {} : { unlisted }) };
}
