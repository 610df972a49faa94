import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { STATES_BY_NEED, stateMark, statesText, stateTotal } from '../../../src/admin/web/state-mark.ts';
import { MACHINE_STATES, type MachineState } from '../../../src/model/machine.ts';

const none = Object.fromEntries(MACHINE_STATES.map((state) => [state, 0])) as Record<MachineState, number>;
const read = (path: string): string => readFileSync(new URL(`../../src/dashboard/${path}`, import.meta.url), 'utf8');

test.each(MACHINE_STATES)('%s has a word, a shape and a colour of its own', (state) => {
  expect(stateMark(state).word).toMatch(/^[A-Z][a-z]+$/);
  expect(read('views/shapes.hbs')).toContain(`id="shape-${state}"`);
  expect(read('assets/dashboard.css')).toContain(`.state-${state}`);
});

test('no two states look alike', () => {
  const shapes = MACHINE_STATES.map(
    (state) => new RegExp(`id="shape-${state}"[^>]*>(.*?)</symbol>`).exec(read('views/shapes.hbs'))?.[1],
  );
  expect(new Set(shapes).size).toBe(MACHINE_STATES.length);
  expect(new Set(MACHINE_STATES.map((state) => stateMark(state).word)).size).toBe(MACHINE_STATES.length);
});

test('the order holds every state once, what needs somebody first', () => {
  expect(STATES_BY_NEED.toSorted()).toEqual(MACHINE_STATES.toSorted());
  expect(STATES_BY_NEED.slice(0, 2)).toEqual(['failed', 'unknown']);
});

test('all states in one line', () => {
  expect(statesText(none)).toBe('no machines yet');
  expect(statesText({ ...none, up: 1 })).toBe('1 machine: 1 up');
  expect(statesText({ ...none, up: 1200, failed: 2 })).toBe('1,202 machines: 2 failed, 1,200 up');
  expect(stateTotal({ ...none, up: 3, unknown: 4 })).toBe(7);
});
