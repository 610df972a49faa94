import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { lineReply, makeReply, sendReply } from '../../src/http/reply.ts';

test('every reply says its length, except 304', () => {
  expect(makeReply(200, ['A', 'b'], Buffer.from('äx')).headers).toEqual(['A', 'b', 'Content-Length', '3']);
  expect(makeReply(304, ['A', 'b'], Buffer.alloc(0)).headers).toEqual(['A', 'b']);
});

test('a line is one line, printable, and not endless', () => {
  expect(lineReply(400, ' a\r\nb\u001b\u0000c\u2028 ').body.toString()).toBe('a b c\n');
  expect(lineReply(400, 'x'.repeat(5000)).body.length).toBe(601);
  expect(lineReply(405, 'x', ['Allow', 'GET']).headers.join(' ')).toContain('nosniff Cache-Control no-store Allow GET');
});

test('is sent in one piece', () => {
  const calls: unknown[] = [];
  const res = { writeHead: (...args: unknown[]) => calls.push(args), end: (...args: unknown[]) => calls.push(args) };
  const reply = lineReply(404, 'no');
  sendReply(res as unknown as ServerResponse, reply);
  expect(calls).toEqual([[404, reply.headers], [reply.body]]);
});
