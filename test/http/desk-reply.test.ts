import { expect, test } from 'vitest';
import { documentReply, jsonReply, scriptReply, textReply } from '../../src/http/desk-reply.ts';
import { DECISION } from '../support/http-desk.ts';

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
