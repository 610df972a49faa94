import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { answerBroken, codeOf, refuseTunnel } from '../../src/http/broken-request.ts';
import { parseAnswer } from '../support/http-raw.ts';

const error = (code: string): Error => Object.assign(new Error('x'), { code });

function sent(act: (socket: PassThrough) => void): { text: string; destroyed: boolean } {
  const socket = new PassThrough();
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const write = socket.write.bind(socket);
  socket.write = (chunk: string) => {
    chunks.push(Buffer.from(chunk));
    return write('');
  };
  act(socket);
  return { text: Buffer.concat(chunks).toString(), destroyed: socket.destroyed };
}

test.each([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['HPE_INVALID_METHOD', 400],
])('%s is %d', (code, status) => {
  const { text, destroyed } = sent((socket) => {
    answerBroken(error(code), socket, new Set());
  });
  const answer = parseAnswer(text);
  expect([answer.status, answer.headers['connection'], destroyed]).toEqual([status, 'close', true]);
  expect(answer.headers['content-length']).toBe(String(answer.body.length));
  expect(answer.body).toMatch(/^[^\n]+\n$/);
});

test('nothing is written to who has gone, or into an answer that has begun', () => {
  expect(
    sent((socket) => {
      answerBroken(error('ECONNRESET'), socket, new Set());
    }),
  ).toEqual({ text: '', destroyed: true });
  const begun = new Set([{ headersSent: true } as unknown as ServerResponse]);
  expect(
    sent((socket) => {
      answerBroken(error('HPE_X'), socket, begun);
    }),
  ).toEqual({ text: '', destroyed: true });
  const waiting = new Set([{ headersSent: false } as unknown as ServerResponse]);
  expect(
    sent((socket) => {
      answerBroken(error('HPE_X'), socket, waiting);
    }).text,
  ).toMatch(/^HTTP\/1\.1 400 /);
});

test('CONNECT', () => {
  const { text, destroyed } = sent((socket) => {
    refuseTunnel(socket);
  });
  expect([parseAnswer(text).status, parseAnswer(text).headers['allow'], destroyed]).toEqual([405, 'GET, HEAD', true]);
});

test('codeOf takes anything', () => {
  expect([codeOf(error('A')), codeOf(new Error('x')), codeOf('x'), codeOf(undefined)]).toEqual([
    'A',
    'unknown',
    'unknown',
    'unknown',
  ]);
});
