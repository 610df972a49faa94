import type { Who } from './who.ts';

/** What machines say of themselves, when it is true: for the journal and the marks. Throws Failure for what it refuses. */
export interface Reports {
  /** The node is up. `said`: what it told of itself, cleaned and short. */
  up(machine: Who, said: Readonly<Record<string, string>>): Promise<void>;
  /** Its installer is done: from now on its own disk is in charge. Idempotent. */
  installed(machine: Who): Promise<void>;
}
