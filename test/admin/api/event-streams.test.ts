import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Access } from '../../../src/admin/auth/operator-auth.ts';
import { EventStreams, type EventStreamOptions } from '../../../src/admin/api/event-streams.ts';
import { fakeAdminService, operatorSetup } from '../../support/operator-setup.ts';
import { openContext } from '../../support/http-server.ts';
import { BEARER } from '../../support/operator-setup.ts';

const ALWAYS: Pick<Access, 'alive'> = { alive: () => true };

/** Reads a stream until what it said matches. */
class Reader {
  text = '';
  readonly #res: IncomingMessage;
  constructor(res: IncomingMessage) {
    this.#res = res;
    res.setEncoding('utf8');
    res.on('data', (part: string) => {
      this.text += part;
    });
  }
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await once(this.#res, 'data');
    return this.text;
  }
  get ended(): Promise<unknown> {
    return this.#res.readableEnded ? Promise.resolve() : once(this.#res, 'end');
  }
  leave(): void {
    this.#res.destroy();
  }
}

async function setup(options: Partial<EventStreamOptions> = {}, access: Pick<Access, 'alive'> = ALWAYS) {
  const adminService = fakeAdminService();
  const streams = new EventStreams({ onChange: (listener) => adminService.onChange(listener), ...options });
  const server = createServer((_req, res) => {
    try {
      streams.open(res, access);
    } catch (error) {
      res.writeHead(503).end(String(error));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const open = async (): Promise<{ res: IncomingMessage; reader: Reader }> => {
    const [res] = (await once(
      get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false }),
      'response',
    )) as [IncomingMessage];
    return { res, reader: new Reader(res) };
  };
  return { adminService, streams, open };
}

/** Waits for what an event of the other end brings about. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('everybody who watches hears what has changed', async () => {
  const { adminService, open } = await setup();
  const { res, reader } = await open();
  const other = (await open()).reader;
  expect(res.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  await reader.until(/^retry: 3000\n: hello\n\n$/);
  await other.until(/hello/);
  adminService.changed('machines');
  adminService.changed('releases');
  const said = 'event: machines\ndata: {}\n\nevent: releases\ndata: {}\n\n';
  expect(await reader.until(/releases\ndata: \{\}\n\n/)).toContain(said);
  expect(await other.until(/releases\ndata: \{\}\n\n/)).toContain(said);
});

test('a comment now and then keeps the connection', async () => {
  const { open } = await setup({ beat: 5 });
  const { reader } = await open();
  await reader.until(/(?:: still here\n\n){3}/);
});

test('nothing runs while nobody watches', async () => {
  const { adminService, streams, open } = await setup({ beat: 5 });
  expect(adminService.listeners.size).toBe(0);
  const [one, two] = [await open(), await open()];
  expect([adminService.listeners.size, streams.size]).toEqual([1, 2]);
  one.reader.leave();
  await eventually(() => streams.size === 1);
  expect(adminService.listeners.size).toBe(1);
  two.reader.leave();
  await eventually(() => streams.size === 0);
  expect(adminService.listeners.size).toBe(0);
  const again = await open();
  adminService.changed('profiles');
  await again.reader.until(/event: profiles/);
});

test('at most so many streams', async () => {
  const { streams, open } = await setup({ maxStreams: 2 });
  const first = await open();
  await open();
  expect((await open()).res.statusCode).toBe(503);
  first.reader.leave();
  await eventually(() => streams.size === 1);
  expect((await open()).res.statusCode).toBe(200);
});

test('64 by default', async () => {
  const { open } = await setup();
  for (let i = 0; i < 64; i += 1) expect((await open()).res.statusCode).toBe(200);
  expect((await open()).res.statusCode).toBe(503);
});

test.each(['beat', 'change'])('a stream ends with its session: at the next %s', async (what) => {
  let alive = true;
  const { adminService, open } = await setup({ beat: what === 'beat' ? 5 : 60_000 }, { alive: () => alive });
  const { reader } = await open();
  await reader.until(/hello/);
  alive = false;
  if (what === 'change') adminService.changed('machines');
  await reader.ended;
  expect(reader.text).not.toContain('event:');
});

test('a slow reader hears each word once when it has caught up', async () => {
  const { adminService, streams, open } = await setup();
  const { res, reader } = await open();
  await reader.until(/hello/);
  res.pause();
  // Until the system takes no more: 30 bytes each, so some hundred thousand.
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 400_000; i += 1) {
    adminService.changed('machines');
    if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
  adminService.changed('profiles');
  res.resume();
  await reader.until(/event: profiles/);
  expect(streams.size).toBe(1);
  expect(reader.text.split('event: machines').length - 1).toBeLessThan(400_000);
});

test('when the server ends, they end, and nobody comes in any more', async () => {
  const { streams, open } = await setup();
  const { reader } = await open();
  await reader.until(/hello/);
  streams.close();
  await reader.ended;
  expect((await open()).res.statusCode).toBe(503);
});

test('over HTTP: for who is logged in, with the strict headers; a HEAD opens nothing', async () => {
  const { http, adminService, logIn } = operatorSetup();
  await http.get('/api/v1/events').expect(401);
  const head = await http.head('/api/v1/events').set('Cookie', logIn().cookie).expect(200);
  expect(head.headers['content-type']).toMatch(/^text\/event-stream/);
  expect(adminService.listeners.size).toBe(0);
});

test('a graceful stop of the HTTP server does not wait for them', async () => {
  const appContext = await openContext();
  const request = get({
    host: '127.0.0.1',
    port: appContext.port,
    path: '/api/v1/events',
    headers: { authorization: BEARER },
  });
  const [res] = (await once(request, 'response')) as [IncomingMessage];
  expect(res.headers['content-security-policy']).toContain("default-src 'none'");
  const reader = new Reader(res);
  await reader.until(/hello/);
  await Promise.all([appContext.listening.stop(new AbortController().signal), reader.ended]);
});
