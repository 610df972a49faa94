import { expect, onTestFinished, test } from 'vitest';
import { expressFailure } from '../../src/admin/respond.ts';
import { Failure } from '../../src/model/failure.ts';
import { openContext } from '../support/http-server.ts';
import { exchange } from '../support/http-raw.ts';

test('the client’s mistakes become failures without the library’s text', () => {
  const mistake = (status: unknown): unknown => expressFailure(Object.assign(new Error('/srv/secret'), { status }));
  expect(mistake(400)).toMatchObject({ code: 'invalid', message: 'the request is malformed' });
  expect(mistake(413)).toMatchObject({ code: 'too-large', message: 'the request is too large' });
});

test('bugs and failures stay what they are', () => {
  const all = [new Failure('conflict', 'x'), new TypeError('x'), 'x', undefined];
  for (const error of [...all, Object.assign(new Error('x'), { status: 500 })])
    expect(expressFailure(error)).toBe(error);
});

const SMUGGLED = 'GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** Ends the connection where the answer before it did not. */
const NEXT = 'GET /dashboard/login.css HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

async function answersTo(bytes: string): Promise<readonly string[]> {
  const appContext = await openContext();
  onTestFinished(async () => {
    await appContext.close();
  });
  return (await exchange(appContext.port, bytes)).text.match(/^HTTP\/1\.1 \d+|^Connection: .*$/gm) ?? [];
}

const FORM = 'Host: a\r\nContent-Type: application/x-www-form-urlencoded\r\n';
const BODY = `token=wrong&pad=${'x'.repeat(40)}`;

test.each([
  ['a length', `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ['chunks', `Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`],
])('a body with %s that was not read ends the connection: what is in it is no request', async (_what, rest) => {
  expect(await answersTo(`POST /dashboard/machines HTTP/1.1\r\nHost: a\r\n${rest}${NEXT}`)).toEqual([
    'HTTP/1.1 401',
    'Connection: close',
  ]);
});

test.each([
  ['was read', `POST /dashboard/login HTTP/1.1\r\n${FORM}Content-Length: ${BODY.length}\r\n\r\n${BODY}`, 403],
  ['is empty', 'POST /dashboard/machines HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', 401],
  ['is none', 'GET /dashboard/login HTTP/1.1\r\nHost: a\r\n\r\n', 200],
])('a body that %s leaves the connection for the next request', async (_what, first, status) => {
  expect(await answersTo(first + NEXT)).toEqual([
    `HTTP/1.1 ${status}`,
    'Connection: keep-alive',
    'HTTP/1.1 200',
    'Connection: close',
  ]);
});
