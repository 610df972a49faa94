import { NO_RECORDER } from '../model/journal-event.ts';
import { Failure } from '../model/failure.ts';
import type { Log } from '../model/service.ts';
import { openThread } from './channel.ts';
import { type DatabaseOptions, JournalDatabase } from './database.ts';
import type { Journal, JournalTimes } from './journal.ts';
import { LivingJournal } from './living-journal.ts';

export interface JournalOptions extends DatabaseOptions, JournalTimes {
  readonly log: Log;
}

/**
 * The journal of a server: its database is on a thread of its own. Nothing happens before `start`. `execArgv`: how the
 * thread's Node is started where the options of this process do not suffice (vitest runs TypeScript by other means).
 */
export function createJournal(options: JournalOptions, execArgv?: readonly string[]): Journal {
  const { file, days, unlisted } = options;
  return new LivingJournal(openThread({ file, days, unlisted }, execArgv), options.log, options);
}

/**
 * The journal of a command, which may wait for its database. Open when this resolves, or off with its reason in
 * `status`. `stop` it at the end, or its last moment is not written.
 */
export async function openJournalDirectly(options: JournalOptions): Promise<Journal> {
  const journal = new LivingJournal(new JournalDatabase(options), options.log, options);
  await journal.start();
  await journal.flushed();
  return journal;
}

const WHY = 'the setting PILOTLIGHT_JOURNAL is off';

/** Machines boot all the same; what they were given is not known afterwards. */
export const NO_JOURNAL: Journal = {
  ...NO_RECORDER,
  name: 'no journal',
  discovery: { read: refuse, write: refuse },
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  status: () => ({ on: false, why: WHY, lost: 0 }),
  know: ignore,
  machines: refuse,
  machine: refuse,
  log: () => false,
  logLines: refuse,
  sent: refuse,
  syncRuns: refuse,
  activities: refuse,
  flushed: () => Promise.resolve(),
  onWritten: () => ignore,
};

function refuse(): Promise<never> {
  return Promise.reject(new Failure('unavailable', WHY, { remedy: 'set it to on and restart' }));
}

function ignore(): void {
  // on purpose
}
