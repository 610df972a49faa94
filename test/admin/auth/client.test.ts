import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { cameByTls, clientKey, nextPath, senderOf } from '../../../src/admin/auth/client.ts';
import { parseOrigin } from '../../../src/model/plan.ts';

test.each([
  '/dashboard',
  '/dashboard/machines/52:54:00:12:34:56',
  '/dashboard/machines?state=up&text=a%20b',
  '/dashboard?x=1',
])('%s', (path) => {
  expect(nextPath(path)).toBe(path);
});

test.each([
  undefined,
  ['/dashboard/a', '/dashboard/b'],
  '',
  '/',
  '/api/v1/machines',
  'https://evil.example/dashboard',
  '//evil.example/dashboard',
  '/\\evil.example',
  '/dashboard\\@evil.example',
  '/dashboard\t/x',
  '/dashboard/\r\nSet-Cookie: a=b',
  '/dashboardx',
  '/dashboard@evil.example',
  '/dashboard/"><script>',
  '/dashboard/login',
  '/dashboard/login?next=/dashboard/login',
  '/dashboard/logout',
  'javascript:alert(1)',
  `/dashboard/${'x'.repeat(1024)}`,
])('%j leads home', (path) => {
  expect(nextPath(path)).toBe('/dashboard');
});

const HOST = 'boot.lan:4777';

test.each([
  [{ host: HOST, 'sec-fetch-site': 'same-origin' }],
  [{ host: HOST, origin: 'http://boot.lan:4777' }],
  [{ host: HOST, origin: 'http://BOOT.lan:4777', 'sec-fetch-site': 'same-origin' }],
  [{ host: 'boot.lan', origin: 'http://boot.lan' }],
  [{ host: 'boot.lan:80', origin: 'http://boot.lan' }],
  [{ host: 'boot.lan', origin: 'https://boot.lan' }], // a proxy that speaks TLS
  [{ host: 'boot.lan', origin: 'https://boot.lan:443' }],
  [{ host: '[fd00::1]:4777', origin: 'http://[fd00::1]:4777' }],
])('%j is from a page of ours', (headers) => {
  expect(senderOf(headers, undefined)).toBe('own');
});

test.each([[{ host: HOST }], [{ host: HOST, 'sec-fetch-site': 'none' }], [{ host: HOST, referer: `http://${HOST}/` }]])(
  '%j does not say from where',
  (headers) => {
    expect(senderOf(headers, undefined)).toBe('unsaid');
  },
);

test.each([
  [{ host: HOST, origin: 'http://boot.lan' }],
  [{ host: HOST, origin: 'http://boot.lan:4778' }],
  [{ host: HOST, origin: 'http://evil.lan:4777' }],
  [{ host: HOST, origin: 'http://boot.lan:4777.evil.example' }],
  [{ host: HOST, origin: 'http://boot.lan:4777@evil.example' }],
  [{ host: HOST, origin: 'http://boot.lan:4777/' }],
  [{ host: HOST, origin: 'null' }],
  [{ host: HOST, origin: '' }],
  [{ host: HOST, origin: 'file://' }],
  [{ origin: 'http://boot.lan' }],
  [{ host: HOST, 'sec-fetch-site': 'cross-site' }],
  [{ host: HOST, 'sec-fetch-site': 'same-site' }],
  [{ host: HOST, origin: 'http://boot.lan:4777', 'sec-fetch-site': 'cross-site' }],
])('%j is from elsewhere', (headers) => {
  expect(senderOf(headers, undefined)).toBe('foreign');
});

test('a proxy may call us by another name than the browser called it', () => {
  const headers = { host: '127.0.0.1:4777', origin: 'https://boot.example' };
  expect(senderOf(headers, parseOrigin('https://boot.example/pxe'))).toBe('own');
  expect(senderOf(headers, parseOrigin('https://other.example'))).toBe('foreign');
});

const PLAIN = parseOrigin('http://boot.lan:4777');
const TLS = parseOrigin('https://boot.example');

function from(remoteAddress: string | undefined, headers: Record<string, string> = {}) {
  return { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s fails as %s', (address, key) => {
  expect(clientKey(from(address), undefined)).toBe(key);
});

test('a peer without an address counts, too', () => {
  expect(clientKey(from(undefined), undefined)).toBe('');
});

test('what a proxy says counts only when the base URL says that there is one', () => {
  const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9', 'x-forwarded-proto': 'https' };
  for (const baseUrl of [undefined, PLAIN]) {
    expect(clientKey(from('127.0.0.1', headers), baseUrl)).toBe('127.0.0.1');
    expect(cameByTls(from('127.0.0.1', headers), baseUrl)).toBe(false);
  }
  expect(clientKey(from('127.0.0.1', headers), TLS)).toBe('203.0.113.9');
  expect(cameByTls(from('127.0.0.1', headers), TLS)).toBe(true);
  expect(cameByTls(from('127.0.0.1', { 'x-forwarded-proto': 'http' }), TLS)).toBe(false);
  expect(cameByTls(from('127.0.0.1'), TLS)).toBe(false);
  expect(clientKey(from('127.0.0.1', { 'x-forwarded-for': 'unknown' }), TLS)).toBe('127.0.0.1');
  expect(clientKey(from('127.0.0.1'), TLS)).toBe('127.0.0.1');
});
