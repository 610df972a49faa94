import { expect, test } from 'vitest';
import { healthReply } from '../../src/http/machine-routes.ts';

test('200 with JSON, also when something is wrong', () => {
  const health = { status: 'degraded', problems: [{ message: 'x' }] } as const;
  const reply = healthReply(health);
  expect([reply.status, JSON.parse(reply.body.toString())]).toEqual([200, health]);
  expect(reply.headers.join(' ')).toContain('application/json Cache-Control no-store');
});
