import type { StoredImage } from '../../src/images/store.ts';
import { afterEach, expect, test } from 'vitest';
import { SCRIPT } from '../support/fake-boot-service.ts';
import { openContext, type AppContext } from '../support/http-server.ts';
import { slowImages } from '../support/slow-images.ts';
import { exchange, get, open, readAll } from '../support/http-raw.ts';

let appContext: AppContext;
afterEach(async () => {
  await appContext.close();
});

const start = (): string => SCRIPT;

const HASTY = { headersTimeout: 300, requestTimeout: 600, checkInterval: 50 };

test('slow clients are gone after the limit, and harm nobody meanwhile', async () => {
  appContext = await openContext({ start }, { limits: HASTY });
  const starts = ['', 'G', 'GET /boot.ipxe HTTP/1.1\r\n', 'GET /boot.ipxe HTTP/1.1\r\nHost: a\r\nX: '];
  const slow = await Promise.all(Array.from({ length: 200 }, async () => await open(appContext.port)));
  const texts = slow.map(async (socket, i) => {
    const text = readAll(socket);
    socket.write(starts[i % starts.length] ?? '');
    return await text;
  });
  const drip = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('x');
  }, 100);
  expect((await get(appContext.port, '/boot.ipxe')).status).toBe(200);
  const answers = await Promise.all(texts);
  clearInterval(drip);
  expect(answers.filter((text) => text.startsWith('HTTP/1.1 2'))).toEqual([]);
  expect(answers.filter((text) => text.startsWith('HTTP/1.1 408 Request Timeout\r\n')).length).toBeGreaterThan(0);
});

test('headers have a limit of their own', async () => {
  appContext = await openContext({}, { limits: { ...HASTY, requestTimeout: 60_000 } });
  const answer = await exchange(appContext.port, 'GET /boot.ipxe HTTP/1.1\r\nHost: a\r\n');
  expect([answer.status, answer.headers['connection']]).toEqual([408, 'close']);
});

test('a body that never comes ends with the request’s limit', async () => {
  appContext = await openContext({}, { limits: HASTY });
  const answer = await exchange(appContext.port, 'POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx');
  expect(answer.status).toBe(404);
});

test('a long download is not cut by the limits for requests', async () => {
  const slow = slowImages(12);
  appContext = await openContext({}, { imageStore: slow.imageStore, limits: HASTY });
  const answer = get(appContext.port, '/images/x');
  await slow.opened;
  const drip = setInterval(slow.give, 100);
  expect(await answer).toMatchObject({ status: 200, body: 'x'.repeat(12) });
  clearInterval(drip);
});

test('a reader that stalls is cut', async () => {
  const big: StoredImage = {
    path: 'x',
    size: 1e9,
    mtimeMs: 0,
    etag: '"x"',
    slice: () => ({ bytes: Buffer.alloc(1 << 20), release: () => undefined }),
    close: () => (freed += 1),
  };
  let freed = 0;
  appContext = await openContext({}, { imageStore: { open: async () => big }, limits: { stallTimeout: 300 } });
  const socket = await open(appContext.port);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET /images/x HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => freed, { timeout: 10_000 }).toBe(1);
  socket.destroy();
});
