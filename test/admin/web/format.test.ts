import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import {
  bytesText,
  doneText,
  durationText,
  machineHref,
  machinesHref,
  moment,
  optionalMoment,
  parseDone,
  plural,
  profileHref,
  relativeText,
  slug,
  stateMark,
  STATES_BY_NEED,
  statesText,
  stateTotal,
  svgNumber,
} from '../../../src/admin/web/format.ts';
import { MACHINE_STATES, type MachineState } from '../../../src/model/machine.ts';

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
  expect(machinesHref({ text: 'a&b=c', state: 'up', profile: 'x y', after: '9' })).toBe(
    '/dashboard/machines?state=up&profile=x%20y&text=a%26b%3Dc&after=9',
  );
});

test('slugs are fit for ids', () => {
  expect(slug('uuid:4c4c-"x" y')).toBe('uuid-4c4c-x-y');
});

const S = 1000;
const MIN = 60 * S;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [60_213_760, '57.4 MiB'],
  [372_210_432, '355 MiB'],
  [5 * 1024 ** 4, '5.0 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [-5, '0 ms'],
  [0, '0 ms'],
  [999, '999 ms'],
  [999.6, '1.0 s'],
  [1200, '1.2 s'],
  [9949, '9.9 s'],
  [9950, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 00 s'],
  [125 * S, '2 min 05 s'],
  [HOUR + 4 * MIN, '1 h 04 min'],
  [3 * DAY + 2 * HOUR, '3 d 2 h'],
])('%d ms are %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

describe('relative times', () => {
  it.each([
    [0, 'just now'],
    [-4999, 'just now'],
    [-5000, '5 s ago'],
    [-59_999, '59 s ago'],
    [-MIN, '1 min ago'],
    [-59 * MIN, '59 min ago'],
    [-HOUR, '1 h ago'],
    [-47 * HOUR, '47 h ago'],
    [-48 * HOUR, '2 d ago'],
    [-400 * DAY, '400 d ago'],
    [7 * HOUR, 'in 7 h'],
  ])('%d ms from now is %s', (ms, text) => {
    expect(relativeText(ms)).toBe(text);
  });

  it('come with the exact time in UTC', () => {
    const at = Date.UTC(2026, 10, 21, 5, 12, 7);
    expect(moment(at, at + 3 * MIN)).toEqual({
      iso: '2026-11-21T05:12:07.000Z',
      exact: '2026-11-21 05:12:07 UTC',
      relative: '3 min ago',
    });
    expect(optionalMoment(undefined, at)).toBeUndefined();
    expect(optionalMoment(at, at)?.relative).toBe('just now');
  });
});

test('counts', () => {
  expect([plural(0, 'node'), plural(1, 'node'), plural(12_345, 'node')]).toEqual(['0 nodes', '1 node', '12,345 nodes']);
  expect(plural(2, 'thing needs', 'things need')).toBe('2 things need');
});

test('numbers for SVG have two decimals at most', () => {
  expect([svgNumber(1 / 3), svgNumber(20), svgNumber(0.005)]).toEqual(['0.33', '20', '0.01']);
});
