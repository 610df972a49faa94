import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import { httpDate, parseRange, precondition, rangeApplies } from '../../src/http/byte-range.ts';

const NOW = { etag: '"v2"', mtimeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
const SAME = 'Fri, 02 Jan 2026 03:04:05 GMT';
const EARLIER = 'Fri, 02 Jan 2026 03:04:04 GMT';
const LATER = 'Fri, 02 Jan 2026 03:04:06 GMT';

test('httpDate is the form of RFC 9110 5.6.7', () => {
  expect(httpDate(NOW.mtimeMs)).toBe(SAME);
});

describe('precondition', () => {
  test.each<[IncomingHttpHeaders, string]>([
    [{}, 'send'],
    [{ 'if-none-match': '"v2"' }, 'not-modified'],
    [{ 'if-none-match': 'W/"v2"' }, 'not-modified'],
    [{ 'if-none-match': '"v1", "v2"' }, 'not-modified'],
    [{ 'if-none-match': ' * ' }, 'not-modified'],
    [{ 'if-none-match': '"v1"' }, 'send'],
    [{ 'if-none-match': 'v2' }, 'send'],
    [{ 'if-modified-since': SAME }, 'not-modified'],
    [{ 'if-modified-since': LATER }, 'not-modified'],
    [{ 'if-modified-since': EARLIER }, 'send'],
    [{ 'if-modified-since': 'Friday, 02-Jan-26 03:04:05 GMT' }, 'not-modified'],
    [{ 'if-modified-since': '2030' }, 'send'],
    [{ 'if-modified-since': 'Someday, soon' }, 'send'],
    [{ 'if-none-match': '"v1"', 'if-modified-since': LATER }, 'send'],
    [{ 'if-match': '"v2"' }, 'send'],
    [{ 'if-match': '*' }, 'send'],
    [{ 'if-match': '"v1", "v2"' }, 'send'],
    [{ 'if-match': '"v1"' }, 'failed'],
    [{ 'if-match': 'W/"v2"' }, 'failed'],
    [{ 'if-unmodified-since': SAME }, 'send'],
    [{ 'if-unmodified-since': EARLIER }, 'failed'],
    [{ 'if-match': '"v2"', 'if-unmodified-since': EARLIER }, 'send'],
    [{ 'if-match': '"v1"', 'if-none-match': '"v2"' }, 'failed'],
    [{ 'if-match': '"v2"', 'if-none-match': '"v2"' }, 'not-modified'],
  ])('%j: %s', (headers, verdict) => {
    expect(precondition(headers, NOW)).toBe(verdict);
  });
});

describe('rangeApplies', () => {
  test.each<[string | undefined, boolean]>([
    [undefined, true],
    ['"v2"', true],
    ['"v1"', false],
    ['W/"v2"', false],
    [SAME, true],
    [EARLIER, false],
    [LATER, false],
    ['rubbish', false],
  ])('If-Range %s: %s', (condition, applies) => {
    const headers = condition === undefined ? {} : { 'if-range': condition };
    expect(rangeApplies(headers, NOW, NOW.mtimeMs + 60_000)).toBe(applies);
  });

  test('a date says nothing of a file that changed within this second', () => {
    expect(rangeApplies({ 'if-range': SAME }, NOW, NOW.mtimeMs + 999)).toBe(false);
    expect(rangeApplies({ 'if-range': SAME }, NOW, NOW.mtimeMs + 1000)).toBe(true);
  });
});

const part = (start: number, end: number): unknown => ({ kind: 'part', start, end });
const WHOLE = { kind: 'whole' };
const NOTHING = { kind: 'unsatisfiable' };

describe('parseRange, of 1000 bytes', () => {
  test.each<[string | undefined, unknown]>([
    [undefined, WHOLE],
    ['bytes=0-0', part(0, 1)],
    ['bytes=0-99', part(0, 100)],
    ['bytes=999-999', part(999, 1000)],
    ['bytes=500-', part(500, 1000)],
    ['bytes=0-', part(0, 1000)],
    ['bytes=0-99999', part(0, 1000)],
    ['bytes=-1', part(999, 1000)],
    ['bytes=-100', part(900, 1000)],
    ['bytes=-1000', part(0, 1000)],
    ['bytes=-99999', part(0, 1000)],
    ['bytes=00000000000000000005-7', part(5, 8)],
    ['BYTES=0-1', part(0, 2)],
    ['bytes = 0-1 ', part(0, 2)],
  ])('%s is one part', (header, range) => {
    expect(parseRange(header, 1000)).toEqual(range);
  });

  test.each(['bytes=1000-', 'bytes=1000-1001', 'bytes=-0', 'bytes=5000-6000, -0', `bytes=${'9'.repeat(400)}-`])(
    '%s cannot be satisfied',
    (header) => {
      expect(parseRange(header, 1000)).toEqual(NOTHING);
    },
  );

  test.each([
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=,',
    'bytes=abc',
    'bytes=1',
    'bytes=2-1',
    'bytes=0-1-2',
    'bytes=+1-2',
    'bytes=0x1-2',
    'bytes=1e1-20',
    'bytes=1.5-2',
    'bytes=--1',
    'bytes=0-1;2-3',
    'bytes=0-1, x',
    'items=0-1',
    'lines bytes=0-1',
    'bytes=0 - 1',
  ])('%j is ignored', (header) => {
    expect(parseRange(header, 1000)).toEqual(WHOLE);
  });

  test.each<[string, unknown]>([
    ['bytes=0-0,10-20', WHOLE],
    ['bytes=0-9,10-20', part(0, 21)],
    ['bytes=10-20, 0-15', part(0, 21)],
    ['bytes=0-,0-,0-', part(0, 1000)],
    ['bytes=-10, 985-', part(985, 1000)],
    ['bytes=5-6, 2000-', part(5, 7)],
    ['bytes=0-0,,1-1', part(0, 2)],
    [`bytes=${Array.from({ length: 900 }, (_, i) => `${i}-`).join(',')}`, part(0, 1000)],
    [`bytes=${Array.from({ length: 1001 }, () => '0-0').join(',')}`, WHOLE],
  ])('several parts, %.40s, never cost more than the file', (header, range) => {
    expect(parseRange(header, 1000)).toEqual(range);
  });
});

test('an empty file has no part', () => {
  for (const header of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) expect(parseRange(header, 0)).toEqual(NOTHING);
  expect(parseRange('bytes=x', 0)).toEqual(WHOLE);
});

test('a file larger than 4 GiB', () => {
  expect(parseRange('bytes=5000000000-5000000001', 6e9)).toEqual(part(5e9, 5e9 + 2));
});
