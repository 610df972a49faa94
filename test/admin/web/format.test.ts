import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  doneText,
  machineHref,
  machinesHref,
  moment,
  optionalMoment,
  parseDone,
  profileHref,
  slug,
  stateMark,
  statesText,
  stateTotal,
  svgNumber,
} from '../../../src/admin/web/format.ts';
import { MACHINE_STATES, type MachineState, STATES_BY_NEED } from '../../../src/model/machine-list.ts';

const none = Object.fromEntries(MACHINE_STATES.map((state) => [state, 0])) as Record<MachineState, number>;
const read = (path: string): string => readFileSync(new URL(`../../../src/admin/web/${path}`, import.meta.url), 'utf8');

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

test('only codes of the list are understood', () => {
  expect(parseDone('adopted')).toBe('adopted');
  for (const wrong of ['', 'Adopted', 'toString', '__proto__', '<b>', ['adopted'], undefined]) {
    expect(parseDone(wrong)).toBeUndefined();
  }
});

test('each has its sentence', () => {
  expect(doneText('reinstall')).toBe('The installer will run once at its next boot.');
});

test('names and keys are encoded, whatever is in them', () => {
  expect(machineHref('52:54:00:55:1c:ee')).toBe('/dashboard/machines/52%3A54%3A00%3A55%3A1c%3Aee');
  expect(machineHref('serial:a/../b?c#d"')).toBe('/dashboard/machines/serial%3Aa%2F..%2Fb%3Fc%23d%22');
  expect(profileHref('javascript:alert(1)')).toBe('/dashboard/profiles/javascript%3Aalert(1)');
});

test('filters that are not set are left out', () => {
  expect(machinesHref({})).toBe('/dashboard/machines');
  expect(machinesHref({ text: '', state: undefined })).toBe('/dashboard/machines');
  expect(machinesHref({ text: 'a&b=c', state: 'up', profile: 'x y', tag: 'gpu', sort: '-name' }, 9)).toBe(
    '/dashboard/machines?state=up&profile=x%20y&tag=gpu&text=a%26b%3Dc&sort=-name&page=9',
  );
});

test('slugs are fit for ids', () => {
  expect(slug('uuid:4c4c-"x" y')).toBe('uuid-4c4c-x-y');
});

test('a moment comes with the exact time in UTC', () => {
  const at = Date.UTC(2026, 10, 21, 5, 12, 7);
  expect(moment(at, at + 180_000)).toEqual({
    iso: '2026-11-21T05:12:07.000Z',
    exact: '2026-11-21 05:12:07 UTC',
    relative: '3 min ago',
  });
  expect(optionalMoment(undefined, at)).toBeUndefined();
  expect(optionalMoment(at, at)?.relative).toBe('just now');
});

test('numbers for SVG have two decimals at most', () => {
  expect([svgNumber(1 / 3), svgNumber(20), svgNumber(0.005)]).toEqual(['0.33', '20', '0.01']);
});
