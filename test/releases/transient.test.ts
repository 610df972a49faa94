import { expect, it } from 'vitest';
import { parseRetryAfter, TransientFailure } from '../../src/releases/transient.ts';

it.each([
  ['120', 120_000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:01:00 GMT', 30_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  [undefined, undefined],
])('Retry-After %j', (value, expected) => {
  expect(parseRetryAfter(value, 30_000)).toBe(expected);
});

it('is a failure that may pass', () => {
  expect(new TransientFailure('x', { retryAfter: 5 })).toMatchObject({ code: 'unavailable', retryAfter: 5 });
});
