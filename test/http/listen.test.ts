import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { listen, listenFailure, urlOf } from '../../src/http/listen.ts';

test('says which port the system chose', async () => {
  const server = createServer();
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  expect(address.host).toBe('127.0.0.1');
  expect(address.port).toBeGreaterThan(0);
  const second = listen(createServer(), address);
  await expect(second).rejects.toMatchObject({ code: 'conflict' });
  await new Promise((resolve) => server.close(resolve));
});

test('an address of another host', async () => {
  await expect(listen(createServer(), { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'invalid' });
});

test.each([
  ['EADDRINUSE', 'conflict', /is in use/, /ss -ltnp/],
  ['EACCES', 'refused', /may not be opened/, /CAP_NET_BIND_SERVICE/],
  ['EADDRNOTAVAIL', 'invalid', /no such address/, /0\.0\.0\.0/],
  ['ENOTFOUND', 'invalid', /no such address/, /0\.0\.0\.0/],
  ['EOTHER', 'unavailable', /EOTHER/, /PILOTLIGHT_HTTP_LISTEN/],
])('%s names the port and what to do', (code, kind, message, remedy) => {
  const failure = listenFailure(Object.assign(new Error('x'), { code }), { host: '0.0.0.0', port: 80 });
  expect(failure.code).toBe(kind);
  expect(failure.message).toMatch(message);
  expect(failure.message).toContain('HTTP port 80 on 0.0.0.0');
  expect(failure.remedy).toMatch(remedy);
});

test.each([
  [{ host: '0.0.0.0', port: 4777 }, 'http://localhost:4777'],
  [{ host: '::', port: 80 }, 'http://localhost:80'],
  [{ host: '::1', port: 80 }, 'http://[::1]:80'],
  [{ host: '192.0.2.1', port: 1 }, 'http://192.0.2.1:1'],
])('a URL for people: %j', (address, url) => {
  expect(urlOf(address)).toBe(url);
});
