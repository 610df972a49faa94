import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import {
  documentReply,
  failureReply,
  isOutOfHandles,
  jsonReply,
  lineReply,
  makeReply,
  methodReply,
  scriptReply,
  sendReply,
  STATUS,
  TEXT,
  textReply,
} from '../../src/http/reply.ts';
import { Failure } from '../../src/model/failure.ts';
import { DECISION } from '../support/fake-boot-service.ts';
import { recordLog } from '../support/http-server.ts';

test('each kind of failure has its status', () => {
  expect(STATUS).toEqual({
    'not-found': 404,
    invalid: 400,
    conflict: 409,
    'too-large': 413,
    refused: 403,
    unavailable: 503,
    broken: 500,
  });
});

test('no file handles left', () => {
  expect(isOutOfHandles(Object.assign(new Error('x'), { code: 'EMFILE' }))).toBe(true);
  expect(isOutOfHandles(Object.assign(new Error('x'), { code: 'ENFILE' }))).toBe(true);
  expect(isOutOfHandles(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
  expect(isOutOfHandles('EMFILE')).toBe(false);
});

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

test.each(['', '\n#!ipxe\n', '\ufeff#!ipxe\n', '#!ipxed\n', '#!ipxe', '<html>', ' #!ipxe\n', '#! ipxe\n'])(
  'no script, no 200: %j',
  (text) => {
    expect(() => scriptReply(text)).toThrow(TypeError);
  },
);

test('a script keeps its bytes', () => {
  const reply = scriptReply('#!ipxe\r\nboot\r\n', { decision: DECISION });
  expect([reply.status, reply.body.toString(), reply.decision]).toEqual([200, '#!ipxe\r\nboot\r\n', DECISION]);
  expect(reply.headers).toEqual([
    'Content-Type',
    'text/plain; charset=utf-8',
    'Cache-Control',
    'no-store',
    'Content-Length',
    '14',
  ]);
});

test('text and JSON', () => {
  expect(textReply('a').body.toString()).toBe('a');
  expect(jsonReply({ a: 1 }).body.toString()).toBe('{"a":1}\n');
  expect(jsonReply({}).headers.slice(0, 2)).toEqual(['Content-Type', 'application/json']);
});

const document = { body: Buffer.from('x'), contentType: 'text/yaml' };
const etag = documentReply(document, undefined).headers[3] ?? '';

test('a strong ETag of the bytes', () => {
  expect(etag).toMatch(/^"[\w-]{27}"$/);
  expect(documentReply({ ...document, body: Buffer.from('y') }, undefined).headers).not.toContain(etag);
});

test.each([
  [etag, 304],
  [`W/${etag}`, 304],
  [`"a", ${etag}`, 304],
  ['*', 304],
  ['"a"', 200],
  ['', 200],
  [undefined, 200],
])('If-None-Match %j is %d', (header, status) => {
  const reply = documentReply(document, header);
  expect([reply.status, reply.body.length]).toEqual([status, status === 200 ? 1 : 0]);
  expect(reply.headers).toContain(etag);
});

test('every reply says its length, except 304', () => {
  expect(makeReply(200, ['A', 'b'], Buffer.from('äx')).headers).toEqual(['A', 'b', 'Content-Length', '3']);
  expect(makeReply(304, ['A', 'b'], Buffer.alloc(0)).headers).toEqual(['A', 'b']);
});

test('a line is one line, printable, and not endless', () => {
  expect(lineReply(400, ' a\r\nb\u001b\u0000c\u2028 ').body.toString()).toBe('a b c\n');
  expect(lineReply(400, 'x'.repeat(5000)).body.length).toBe(601);
  expect(lineReply(405, 'x', ['Allow', 'GET']).headers.join(' ')).toContain('nosniff Cache-Control no-store Allow GET');
});

test('is sent in one piece, byte for byte; a long body is not copied', () => {
  const calls: unknown[] = [];
  const res = { writeHead: (...args: unknown[]) => calls.push(args), end: (...args: unknown[]) => calls.push(args) };
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const reply = makeReply(404, ['Content-Type', TEXT], every);
  sendReply(res as unknown as ServerResponse, reply);
  expect(calls).toEqual([
    [404, reply.headers],
    [every.toString('latin1'), 'latin1'],
  ]);
  expect(Buffer.from(every.toString('latin1'), 'latin1').equals(every)).toBe(true);
  const long = makeReply(200, [], Buffer.alloc(16 * 1024 + 1));
  sendReply(res as unknown as ServerResponse, long);
  expect(calls.at(-1)).toEqual([long.body]);
});
