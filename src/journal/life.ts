import type { JournalEvent } from '../model/journal-event.ts';
import type { MachineState } from '../model/machine.ts';

/** What is written down; `failed` shows when somebody looks after the deadline. */
export type RecordedState = Exclude<MachineState, 'failed'>;

export interface Life {
  readonly state: RecordedState;
  readonly since: number | null;
  readonly deadline: number | null;
}

/** Where a machine is in its life after something happened to it. */
export function lifeAfter(life: Life, event: JournalEvent, at: number): Life {
  const state = stateAfter(life.state, event);
  if (state === undefined) return life;
  const installation = event.kind === 'script' ? event.decision.installation : undefined;
  // It may still report; and when its tries are used up it has failed, whether or not its profile sets a time.
  if (installation === 'held') return life.state === 'unknown' ? { ...life, state: 'assigned', since: at } : life;
  if (installation !== undefined) return waitingForInstaller(life, installation, at);
  const deadline =
    event.kind === 'script' && (state === 'booting' || state === 'installing') ? event.deadline : undefined;
  // A script is a new beginning even when the machine was already booting.
  const begins = state !== life.state || deadline !== undefined;
  return { state, since: begins ? at : life.since, deadline: deadline ?? null };
}

function waitingForInstaller(life: Life, installation: 'unfinished' | 'stopped', at: number): Life {
  const since = life.state === 'installing' ? life.since : at;
  if (installation === 'unfinished') return { state: 'installing', since, deadline: life.deadline };
  // Once past, a deadline stays past: what asks again every five seconds does not fail anew each time.
  const failed = life.state === 'installing' && life.deadline !== null && life.deadline <= at;
  return failed ? life : { state: 'installing', since: at, deadline: at };
}

/** Undefined: it stays as it is. */
function stateAfter(state: RecordedState, event: JournalEvent): RecordedState | undefined {
  switch (event.kind) {
    case 'script':
      return stateAfterScript(state, event.decision.outcome);
    case 'phone-home':
      return 'up';
    case 'installed':
      return 'installed';
    case 'operator':
      return event.action === 'release' ? 'unknown' : 'assigned';
    case 'dhcp':
    case 'tftp':
    case 'file':
    case 'document':
    case 'refused':
      return undefined;
  }
}

type Outcome = 'boot' | 'install' | 'local' | 'menu' | 'unknown' | 'waiting';

function stateAfterScript(state: RecordedState, outcome: Outcome): RecordedState {
  switch (outcome) {
    case 'unknown':
    case 'menu':
      return 'unknown';
    case 'waiting':
      return 'assigned';
    case 'boot':
      return 'booting';
    case 'install':
      return 'installing';
    case 'local':
      if (state === 'installing' || state === 'installed') return 'installed';
      return state === 'up' ? 'up' : 'assigned';
  }
}

/** What people see at this moment. */
export function stateAt({ state, deadline }: Pick<Life, 'state' | 'deadline'>, now: number): MachineState {
  const awaited = state === 'booting' || state === 'installing';
  return awaited && deadline !== null && deadline < now ? 'failed' : state;
}
