import { type IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from 'vitest';
import { httpDate, precondition, rangeApplies } from '../../src/http/preconditions.ts';

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
