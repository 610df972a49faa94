import { NO_RECORDER } from '../model/journal-event.ts';
import { Failure } from '../model/failure.ts';
import type { DurableJournal } from './create-journal.ts';

const WHY = 'the setting PILOTLIGHT_JOURNAL is off';

/** For those who want none. Machines boot all the same; nobody can say afterwards what they were given. */
export const NO_JOURNAL: DurableJournal = {
  ...NO_RECORDER,
  name: 'no journal',
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  status: () => ({ on: false, why: WHY, lost: 0 }),
  know: ignore,
  machines: refuse,
  machine: refuse,
  sent: refuse,
  syncRuns: refuse,
  ask: refuse,
  flushed: () => Promise.resolve(),
  onWritten: () => ignore,
};

function refuse(): Promise<never> {
  return Promise.reject(new Failure('unavailable', WHY, { remedy: 'set it to on and restart' }));
}

function ignore(): void {
  // on purpose
}
