import { describe, expect, it, test } from 'vitest';
import { bytesText, durationText, plural, relativeText, utcText } from '../../src/model/text.ts';

const S = 1000;
const MIN = 60 * S;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [60_213_760, '57.4 MiB'],
  [372_210_432, '355 MiB'],
  [5 * 1024 ** 4, '5 TiB'],
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
});

test('a moment is said in UTC', () => {
  expect(utcText(Date.UTC(2026, 10, 21, 5, 12, 7))).toBe('2026-11-21 05:12:07 UTC');
});

test('counts', () => {
  expect([plural(0, 'node'), plural(1, 'node'), plural(12_345, 'node')]).toEqual(['0 nodes', '1 node', '12,345 nodes']);
  expect(plural(2, 'thing needs', 'things need')).toBe('2 things need');
});
