import type { MachineFacts } from '../../domain/facts.ts';
import type { Name } from '../../domain/name.ts';

/** Who reports: the machine, and what was chosen at its screen when nobody knows it. */
export interface ReportingMachine {
  readonly facts: MachineFacts;
  readonly choice?: Name;
}

/** What machines say of themselves, when it is true: for the journal and the marks. Throws Failure for what it refuses. */
export interface Reports {
  /** The node is up. `said`: what it told of itself, cleaned and short. */
  up(machine: ReportingMachine, said: Readonly<Record<string, string>>): Promise<void>;
  /** Its installer is done: from now on its own disk is in charge. Idempotent. */
  installed(machine: ReportingMachine): Promise<void>;
}
