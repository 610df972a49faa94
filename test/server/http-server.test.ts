import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { openContext, type AppContext } from '../support/http-server.ts';
import { SCRIPT } from '../support/fake-boot-service.ts';
import { slowImages } from '../support/slow-images.ts';
import { get, open, parseAnswer, readAll } from '../support/http-raw.ts';

let appContext: AppContext;
afterEach(async () => {
  await appContext.close();
});

const NEVER = new AbortController().signal;
const start = (): string => SCRIPT;

function closed(socket: Socket): Promise<unknown> {
  socket.on('error', () => undefined);
  socket.resume();
  return socket.closed ? Promise.resolve() : once(socket, 'close');
}

test('says where it listens, and nothing before', async () => {
  appContext = await openContext();
  expect(appContext.port).toBeGreaterThan(0);
  expect(appContext.listening.url()).toBe(`http://127.0.0.1:${appContext.port}`);
  await appContext.close();
  expect([appContext.listening.address(), appContext.listening.url()]).toEqual([undefined, undefined]);
});

test('a taken port is a failure that names it, and stop is safe then', async () => {
  appContext = await openContext();
  const failing = openContext({}, { listen: { host: '127.0.0.1', port: appContext.port } });
  await expect(failing).rejects.toMatchObject({
    code: 'conflict',
    message: `HTTP port ${appContext.port} on 127.0.0.1 is in use by another program`,
    remedy: expect.stringContaining('PILOTLIGHT_HTTP_LISTEN') as string,
  });
});

test('stop before start, and twice', async () => {
  appContext = await openContext();
  await Promise.all([appContext.listening.stop(NEVER), appContext.listening.stop(NEVER)]);
  await appContext.listening.stop(NEVER);
});

test('stop closes idle, silent and half-open connections at once', async () => {
  appContext = await openContext({ start });
  const idle = await open(appContext.port);
  idle.write(`GET /boot.ipxe HTTP/1.1\r\nHost: a\r\n\r\n`);
  await once(idle, 'data');
  const silent = await open(appContext.port);
  const half = await open(appContext.port);
  half.write('GET /boot.ipxe HTTP/1.1\r\nHo');
  const ends = [closed(idle), closed(silent), closed(half)];
  await get(appContext.port, '/boot.ipxe'); // all of them have been accepted when this one is answered
  const before = performance.now();
  await appContext.listening.stop(NEVER);
  await Promise.all(ends);
  expect(performance.now() - before).toBeLessThan(5000);
});

test('stop lets a running download finish, and lets nobody in', async () => {
  const slow = slowImages(1);
  appContext = await openContext({}, { imageStore: slow.imageStore });
  const socket = await open(appContext.port);
  const text = readAll(socket);
  socket.write('GET /images/x HTTP/1.1\r\nHost: a\r\n\r\n');
  await slow.opened;
  let stopped = false;
  const stopping = appContext.listening.stop(NEVER).then(() => (stopped = true));
  await expect(open(appContext.port)).rejects.toThrow(/ECONNREFUSED/);
  expect(stopped).toBe(false);
  slow.give();
  expect(parseAnswer(await text)).toMatchObject({ status: 200, body: 'x' });
  await stopping;
  expect(slow.closed()).toBe(1);
});

test('force cuts a download that does not end', async () => {
  const slow = slowImages(2);
  appContext = await openContext({}, { imageStore: slow.imageStore });
  const socket = await open(appContext.port);
  const end = closed(socket);
  socket.write('GET /images/x HTTP/1.1\r\nHost: a\r\n\r\n');
  await slow.opened;
  const force = new AbortController();
  const stopping = appContext.listening.stop(force.signal);
  force.abort();
  await Promise.all([stopping, end]);
  slow.give();
  await expect.poll(slow.closed).toBe(1);
});

test('a second stop may force what the first one waits for', async () => {
  const slow = slowImages(2);
  appContext = await openContext({}, { imageStore: slow.imageStore });
  const socket = await open(appContext.port);
  const end = closed(socket);
  socket.write('GET /images/x HTTP/1.1\r\nHost: a\r\n\r\n');
  await slow.opened;
  const first = appContext.listening.stop(NEVER);
  const force = new AbortController();
  const second = appContext.listening.stop(force.signal);
  force.abort();
  await Promise.all([first, second, end]);
  slow.give();
});

test('one connection may not pile up requests', async () => {
  const slow = slowImages(1);
  appContext = await openContext({}, { imageStore: slow.imageStore, limits: { maxPipelined: 2 } });
  const socket = await open(appContext.port);
  const text = readAll(socket);
  socket.write('GET /images/x HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4));
  await slow.opened;
  await get(appContext.port, '/nowhere'); // by now all four have been seen
  slow.give();
  expect((await text).match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 503']);
});

test('beyond the limit connections are dropped, and said so', async () => {
  appContext = await openContext({ start }, { limits: { maxConnections: 2 } });
  const held = [await open(appContext.port), await open(appContext.port)];
  await closed(await open(appContext.port));
  expect(appContext.log.of('warn')).toMatchObject([{ fields: { limit: 2 } }]);
  for (const socket of held) socket.destroy();
  await Promise.all(held.map(closed));
  await expect.poll(async () => (await get(appContext.port, '/boot.ipxe').catch(() => undefined))?.status).toBe(200);
});

test('out of file handles: the process stays up and recovers', async () => {
  appContext = await openContext();
  const child = fileURLToPath(new URL('../support/http-child.ts', import.meta.url));
  // Fewer are not enough to load the sources on Node 22.
  const command = `ulimit -n 400; exec "${process.execPath}" --import tsx "${child}"`;
  const server = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    const crowd = await Promise.all(Array.from({ length: 700 }, async () => await open(port).catch(() => undefined)));
    for (const socket of crowd) socket?.on('error', () => undefined);
    for (const socket of crowd) socket?.destroy();
    await expect
      .poll(async () => (await get(port, '/boot.ipxe').catch(() => undefined))?.status, { timeout: 10_000 })
      .toBe(200);
    expect(server.exitCode).toBeNull();
  } finally {
    server.kill('SIGKILL');
  }
});
