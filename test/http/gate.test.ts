import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { closingReply, crowdedReply, turnAway } from '../../src/http/gate.ts';
import { DEFAULT_LIMITS } from '../../src/http/limits.ts';
import type { RequestHead } from '../../src/http/request-head.ts';

function away(url: string, head: Partial<RequestHead> = {}, httpVersion = '1.1'): number | undefined {
  const req = { url, httpVersion } as unknown as IncomingMessage;
  return turnAway(req, { host: 'a', hosts: 1, userAgent: '', ...head }, DEFAULT_LIMITS)?.status;
}

test('lets an ordinary request in', () => {
  expect(away('/ipxe')).toBeUndefined();
  expect(away('/x'.repeat(2048))).toBeUndefined();
});

test('one Host line, except in HTTP/1.0', () => {
  expect(away('/', { hosts: 2 })).toBe(400);
  expect(away('/', { hosts: 2 }, '1.0')).toBe(400);
  expect(away('/', { host: undefined, hosts: 0 })).toBe(400);
  expect(away('/', { host: undefined, hosts: 0 }, '1.0')).toBeUndefined();
});

test('4 KiB of address', () => {
  expect(away(`/${'x'.repeat(4096)}`)).toBe(414);
});

test('what is turned away for now says when to come back, and closes', () => {
  for (const reply of [closingReply(), crowdedReply()]) {
    expect(reply.status).toBe(503);
    expect(reply.headers.join(' ')).toMatch(/Connection close.*Retry-After 5/);
  }
});
