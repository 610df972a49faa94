import { afterEach, expect, test } from 'vitest';
import { SCRIPT } from '../support/fake-boot-service.ts';
import { openContext, type AppContext } from '../support/http-server.ts';
import { exchange } from '../support/http-raw.ts';

let appContext: AppContext;
afterEach(async () => {
  await appContext.close();
});

const start = (): string => SCRIPT;

// RFC 9112, 2 and 3 and 6: what two servers could read differently. The second request must never be seen.
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
test.each([
  ['length and chunks', `Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['chunks twice', `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['unknown coding', `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['chunked is not last', `Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n${SMUGGLED}`],
  ['two lengths', `Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`],
  ['a list of lengths', `Content-Length: 0, 0\r\n\r\n${SMUGGLED}`],
  ['a signed length', `Content-Length: +0\r\n\r\n${SMUGGLED}`],
  ['a negative length', `Content-Length: -1\r\n\r\n${SMUGGLED}`],
  ['a hexadecimal length', `Content-Length: 0x0\r\n\r\n${SMUGGLED}`],
  ['a space before the colon', `Content-Length : 0\r\n\r\n${SMUGGLED}`],
  ['a bare LF', `X: y\nContent-Length: 0\r\n\r\n${SMUGGLED}`],
  ['a CR in a value', `X: a\rb\r\n\r\n${SMUGGLED}`],
  ['a folded line', `X: a\r\n b\r\n\r\n${SMUGGLED}`],
  ['a CR before the end', `X: a\r\n\rX${SMUGGLED}`],
  ['a NUL', `X: a\0b\r\n\r\n${SMUGGLED}`],
  ['a line without a colon', `X\r\n\r\n${SMUGGLED}`],
  ['an empty name', `: x\r\n\r\n${SMUGGLED}`],
  ['a bad name', `X y: z\r\n\r\n${SMUGGLED}`],
  ['two hosts', `Host: b\r\n\r\n${SMUGGLED}`],
  ['two equal hosts', `host: a\r\n\r\n${SMUGGLED}`],
])('smuggling: %s', async (_what, rest) => {
  appContext = await openContext();
  const answer = await exchange(appContext.port, `GET /healthz HTTP/1.1\r\nHost: a\r\n${rest}`);
  expect(answer.text.match(/^HTTP\/1\.1 \d{3}/gm)).toEqual(['HTTP/1.1 400']);
  expect(answer.headers['connection']).toBe('close');
  expect(JSON.stringify(appContext.log.lines)).not.toContain('smuggled');
});

test.each([
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ['an unknown version', 'GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n'],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an unknown method', 'BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['rubbish', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
])('400: %s', async (_what, bytes) => {
  appContext = await openContext();
  const answer = await exchange(appContext.port, bytes);
  expect([answer.status, answer.headers['content-type']]).toEqual([400, 'text/plain; charset=utf-8']);
  expect(answer.body.trimEnd().split('\n')).toHaveLength(1);
});

test('a broken chunk ends the connection before the next request', async () => {
  appContext = await openContext();
  const chunks = 'Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n';
  const answer = await exchange(appContext.port, `GET /healthz HTTP/1.1\r\nHost: a\r\n${chunks}${SMUGGLED}`);
  expect(answer.status).toBeGreaterThan(0);
  expect(answer.text.match(/^HTTP\/1\.1 200/gm)?.length ?? 0).toBeLessThanOrEqual(1);
  expect(JSON.stringify(appContext.log.lines)).not.toContain('smuggled');
});

test('CONNECT is refused and closed', async () => {
  appContext = await openContext();
  const answer = await exchange(appContext.port, 'CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n');
  expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, HEAD']);
});

test('an offer to switch protocols is declined: the answer is plain HTTP', async () => {
  appContext = await openContext({ start });
  const lines = 'GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
  expect(await exchange(appContext.port, lines)).toMatchObject({ status: 200, body: SCRIPT });
});

test('a GET with a body is answered, and what follows it too', async () => {
  appContext = await openContext({ start });
  const one = 'GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
  const two = 'GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  const answer = await exchange(appContext.port, one + two);
  expect(answer.text.match(/^HTTP\/1\.1 \d{3}/gm)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
});
