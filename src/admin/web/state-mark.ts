import { MACHINE_STATES, type MachineState } from '../../model/machine.ts';

/** How a state looks: a word, a shape of its own (`shape-up` in views/shapes.hbs) and a colour, never the colour alone. */
export interface StateMark {
  readonly state: MachineState;
  readonly word: string;
  /** For people who wonder what the word means. */
  readonly help: string;
}

const MARKS: Readonly<Record<MachineState, StateMark>> = {
  unknown: { state: 'unknown', word: 'Unknown', help: 'no profile names it' },
  assigned: { state: 'assigned', word: 'Assigned', help: 'a profile names it, it has not booted since' },
  booting: { state: 'booting', word: 'Booting', help: 'it got a boot script and has not phoned home yet' },
  up: { state: 'up', word: 'Up', help: 'it has phoned home' },
  installing: { state: 'installing', word: 'Installing', help: 'it got an installer that has not reported yet' },
  installed: { state: 'installed', word: 'Installed', help: 'its own disk is in charge' },
  failed: {
    state: 'failed',
    word: 'Failed',
    help: 'it did not phone home in time, or its installation did not finish',
  },
};

export function stateMark(state: MachineState): StateMark {
  return MARKS[state];
}

/** In the order in which an operator wants to see them: what needs somebody first. */
export const STATES_BY_NEED: readonly MachineState[] = [
  'failed',
  'unknown',
  'booting',
  'installing',
  'up',
  'installed',
  'assigned',
];

/** `30 machines: 2 failed, 3 unknown, 25 up`. */
export function statesText(states: Readonly<Record<MachineState, number>>): string {
  const parts = STATES_BY_NEED.filter((state) => states[state] > 0).map(
    (state) => `${states[state].toLocaleString('en-GB')} ${MARKS[state].word.toLowerCase()}`,
  );
  const total = stateTotal(states);
  const head = total === 1 ? '1 machine' : `${total.toLocaleString('en-GB')} machines`;
  return parts.length === 0 ? 'no machines yet' : `${head}: ${parts.join(', ')}`;
}

export function stateTotal(states: Readonly<Record<MachineState, number>>): number {
  return MACHINE_STATES.reduce((sum, state) => sum + states[state], 0);
}
