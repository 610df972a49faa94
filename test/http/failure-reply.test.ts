import { expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { failureReply, methodReply } from '../../src/http/failure-reply.ts';
import { recordLog } from '../support/http-house.ts';

test('a failure is one line with its place and remedy', () => {
  const log = recordLog();
  const failure = new Failure('not-found', 'no profile "x"', { remedy: 'write profiles/x.json' });
  const reply = failureReply(failure, log);
  expect(reply.status).toBe(404);
  expect(reply.body.toString()).toBe('no profile "x" (write profiles/x.json)\n');
  expect(reply.headers).toContain('text/plain; charset=utf-8');
  expect(log.lines).toEqual([]);
});

test('what is our own or the operator’s fault is logged', () => {
  const log = recordLog();
  expect(failureReply(new Failure('broken', 'x'), log).status).toBe(500);
  const busy = failureReply(new Failure('unavailable', 'y'), log);
  expect(busy.status).toBe(503);
  expect(busy.headers.join(' ')).toContain('Retry-After 5');
  // Its line says it all; a stack for each question of each waiting machine would fill the log.
  expect(log.of('warn').map((line) => line.fields)).toEqual([{ problem: 'x' }, { problem: 'y' }]);
});

test('a bug says nothing but a number, and the log everything', () => {
  const log = recordLog();
  const bug = new TypeError('ENOENT /srv/secret/path');
  const reply = failureReply(bug, log);
  const id = /^internal error, request ([0-9a-f]{12}) /.exec(reply.body.toString())?.[1];
  expect(reply.status).toBe(500);
  expect(reply.body.toString()).not.toContain('secret');
  expect(log.of('error')).toEqual([{ level: 'error', message: 'internal error', fields: { requestId: id, err: bug } }]);
});

test('no handles left is a 503, no bug', () => {
  const log = recordLog();
  const reply = failureReply(Object.assign(new Error('x'), { code: 'EMFILE' }), log);
  expect(reply.status).toBe(503);
  expect(log.of('error')).toEqual([]);
});

test('nothing unprintable reaches a terminal', () => {
  const reply = failureReply(new Failure('invalid', 'a\u001b[31m\u0000b\r\nc\u2028d'), recordLog());
  expect(reply.body.toString()).toBe('a [31m b c d\n');
});

test('405 names what is allowed', () => {
  const reply = methodReply('PUT', '/ipxe');
  expect(reply.status).toBe(405);
  expect(reply.headers.join(' ')).toContain('Allow GET, HEAD');
  expect(reply.body.toString()).toBe('PUT is not allowed on /ipxe (GET and HEAD are)\n');
});
