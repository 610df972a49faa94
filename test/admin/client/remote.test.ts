import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type ApiClient, createApiClient } from '../../../src/admin/client/api-client.ts';
import { linksElsewhere, remoteClient } from '../../../src/admin/client/remote.ts';
import type { LocalAddress } from '../../../src/net/addresses.ts';
import { cliSetup } from '../../support/cli-setup.ts';
import { TOKEN } from '../../support/operator-setup.ts';
import { MAC, pageOf, rowOf } from '../service/setup.ts';

const address = (of: string, internal = false): LocalAddress => ({
  interfaceName: 'x',
  address: of,
  family: of.includes(':') ? 6 : 4,
  internal,
  netmask: undefined,
});
const LOCAL = [address('127.0.0.1', true), address('10.0.0.1'), address('fe80::1%eth0'), address('192.168.1.5')];
const LINK = 'http://127.0.0.1:4777/dashboard/login?code=abc';

test('each address of this host that others can reach', () => {
  expect(linksElsewhere(LINK, LOCAL)).toEqual([
    'http://10.0.0.1:4777/dashboard/login?code=abc',
    'http://192.168.1.5:4777/dashboard/login?code=abc',
  ]);
  expect(linksElsewhere(LINK.replace('127.0.0.1', '[::1]'), LOCAL)).toHaveLength(2);
});

test('a link with a name or an address of its own is as good as it is', () => {
  expect(linksElsewhere('http://boot.lan/dashboard/login?code=abc', LOCAL)).toEqual([]);
  expect(linksElsewhere('http://10.0.0.1:4777/dashboard/login?code=abc', LOCAL)).toEqual([]);
});

async function client(handle: RequestListener, timeout?: number): Promise<ApiClient> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return createApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token', timeout);
}

const answer =
  (status: number, body: unknown): RequestListener =>
  (_, res) => {
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

describe('what is asked', () => {
  test('carries the token, and the body as JSON', async () => {
    const seen: unknown[] = [];
    const api = await client((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString()));
      req.on('end', () => {
        const { authorization, 'content-type': type } = req.headers;
        seen.push([req.method, req.url, authorization, type, body]);
        res.end('{"a": 1}');
      });
    });
    expect(await api.get('/machines?limit=1')).toEqual({ a: 1 });
    await api.post('/x', { b: '\u017d' });
    expect(seen).toEqual([
      ['GET', '/api/v1/machines?limit=1', 'Bearer token', undefined, ''],
      ['POST', '/api/v1/x', 'Bearer token', 'application/json', '{"b":"\u017d"}'],
    ]);
  });
});

describe('what is refused comes out as the failure that it was', () => {
  const place = { file: 'profiles/a.json', line: 3 };

  test.each([
    [
      409,
      { code: 'conflict', message: 'm', remedy: 'r', place },
      { code: 'conflict', message: 'm', remedy: 'r', place },
    ],
    [404, { code: 'not-found', message: 'm' }, { code: 'not-found', remedy: undefined, place: undefined }],
    [429, { code: 'too-many-failures', message: 'slow' }, { code: 'refused', message: 'slow' }],
    [500, { code: 'internal', message: 'internal error' }, { code: 'unavailable' }],
    [418, {}, { code: 'refused', message: 'the server answered with 418' }],
    [
      401,
      { code: 'unauthenticated', message: 'x' },
      { code: 'refused', message: 'the server does not take the admin token' },
    ],
  ])('%d', async (status, error, failure) => {
    const api = await client(answer(status, { error }));
    await expect(api.get('/x')).rejects.toMatchObject(failure);
  });

  test('and so does what is no answer at all', async () => {
    await expect((await client(answer(200, '<html>'))).get('/x')).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the server answered with 200 and no JSON',
    });
    await expect((await client(answer(400, '[]'))).get('/x')).rejects.toMatchObject({ code: 'refused' });
    await expect(createApiClient('http://127.0.0.1:1', 't').get('/x')).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the server does not answer',
    });
  });

  test('a server that takes too long, and a person who no longer waits, are told apart', async () => {
    const headers: RequestListener = (_, res) => {
      res.flushHeaders();
    };
    for (const silent of [() => undefined, headers]) {
      await expect((await client(silent, 20)).get('/x')).rejects.toMatchObject({
        code: 'unavailable',
        message: 'the server has not answered within 0.02 s',
      });
    }
    const api = await client(() => undefined);
    await expect(api.get('/x', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('the token goes nowhere else', async () => {
    const api = await client((req, res) => {
      if (req.url === '/elsewhere') res.end('{}');
      else res.writeHead(307, { Location: '/elsewhere' }).end();
    });
    await expect(api.get('/x')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('events', () => {
  test('come by their names, also in pieces', async () => {
    const api = await client((req, res) => {
      expect(req.headers.accept).toBe('text/event-stream');
      res.write(': hello\n\nevent: mach');
      setImmediate(() => res.end('ines\ndata: {}\n\nevent: profiles\ndata: {}\n\n'));
    });
    const words: string[] = [];
    for await (const word of api.events('/events', new AbortController().signal)) words.push(word);
    expect(words).toEqual(['machines', 'profiles']);
  });

  test('are refused like everything else', async () => {
    const api = await client(answer(503, { error: { code: 'unavailable', message: 'too many streams are open' } }));
    await expect(api.events('/events', new AbortController().signal).next()).rejects.toMatchObject({
      code: 'unavailable',
      message: 'too many streams are open',
    });
  });
});

const VIEW = { row: rowOf(), boots: [], because: 'b', texts: [] };

test('asks the API as it is, in its own words', async () => {
  const setup = await cliSetup({
    machines: () => Promise.resolve(pageOf([rowOf()])),
    machine: () => Promise.resolve(VIEW),
    adopt: () => Promise.resolve({ file: 'profiles/w.json', name: 'n' }),
    reinstall: (key) => Promise.resolve({ key }),
  });
  const adminClient = remoteClient(setup, TOKEN);
  expect(await adminClient.machines({ text: 'a b&c', state: 'up', limit: 5 })).toEqual(pageOf([rowOf()]));
  expect(await adminClient.machine('serial:a/b c')).toEqual(VIEW);
  expect(await adminClient.adopt({ key: MAC, profile: 'w', name: 'n' })).toEqual({
    file: 'profiles/w.json',
    name: 'n',
  });
  expect(await adminClient.reinstall('w1')).toEqual({ key: 'w1' });
  const link = await adminClient.loginLink();
  expect(link.url).toMatch(new RegExp(`^${setup.url}/dashboard/login\\?code=`));
  expect(link.elsewhere).toEqual([]);
  const everywhere = await remoteClient({ url: setup.url, everywhere: true }, TOKEN).loginLink();
  expect(everywhere.elsewhere).toEqual(linksElsewhere(everywhere.url));
  expect(setup.adminService.calls).toEqual([
    ['machines', { text: 'a b&c', state: 'up', limit: 5 }],
    ['machine', 'serial:a/b c', setup.url],
    ['adopt', { key: MAC, profile: 'w', name: 'n' }],
    ['reinstall', 'w1'],
  ]);
  await adminClient.close();
});

describe('who watches', () => {
  test('is called for machines, and only for them, until the end', async () => {
    const setup = await cliSetup();
    const end = new AbortController();
    let calls = 0;
    const watched = remoteClient(setup, TOKEN).watch(() => {
      calls += 1;
      end.abort();
    }, end.signal);
    await until(() => setup.adminService.listeners.size === 1);
    setup.adminService.changed('profiles');
    setup.adminService.changed('machines');
    await watched;
    expect(calls).toBe(1);
    await until(() => setup.adminService.listeners.size === 0);
  });

  test('looks again by itself where no events come', async () => {
    const setup = await cliSetup();
    await setup.hangUp();
    const end = new AbortController();
    let calls = 0;
    await remoteClient(setup, TOKEN).watch(() => {
      calls += 1;
      end.abort();
    }, end.signal);
    expect(calls).toBe(1);
  });
});

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setImmediate(resolve));
}
