import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/http/limits.ts';

test('slow clients are gone within 15 s, and a request within 35 s', () => {
  expect(DEFAULT_LIMITS.headersTimeout + DEFAULT_LIMITS.checkInterval).toBeLessThanOrEqual(15_000);
  expect(DEFAULT_LIMITS.requestTimeout + DEFAULT_LIMITS.checkInterval).toBeLessThanOrEqual(35_000);
});

test('an address fits into the headers', () => {
  expect(DEFAULT_LIMITS.maxUrl).toBeLessThan(DEFAULT_LIMITS.maxHeaderSize);
  expect([DEFAULT_LIMITS.maxHeaderSize, DEFAULT_LIMITS.maxConnections]).toEqual([16_384, 16_384]);
});
