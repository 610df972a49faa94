import { expect, test } from 'vitest';
import { parseOrigin } from '../../../src/model/origin.ts';
import { isOwnRequest } from '../../../src/admin/auth/same-site.ts';

const HOST = 'boot.lan:4777';

test.each([
  [{ host: HOST }],
  [{ host: HOST, origin: 'http://boot.lan:4777' }],
  [{ host: HOST, origin: 'http://BOOT.lan:4777', 'sec-fetch-site': 'same-origin' }],
  [{ host: HOST, 'sec-fetch-site': 'none' }],
  [{ host: 'boot.lan', origin: 'http://boot.lan' }],
  [{ host: 'boot.lan:80', origin: 'http://boot.lan' }],
  [{ host: 'boot.lan', origin: 'https://boot.lan' }], // a proxy that speaks TLS
  [{ host: 'boot.lan', origin: 'https://boot.lan:443' }],
  [{ host: '[fd00::1]:4777', origin: 'http://[fd00::1]:4777' }],
])('%j is ours', (headers) => {
  expect(isOwnRequest(headers, undefined)).toBe(true);
});

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
])('%j is not', (headers) => {
  expect(isOwnRequest(headers, undefined)).toBe(false);
});

test('a proxy may call us by another name than the browser called it', () => {
  const headers = { host: '127.0.0.1:4777', origin: 'https://boot.example' };
  expect(isOwnRequest(headers, parseOrigin('https://boot.example/pxe'))).toBe(true);
  expect(isOwnRequest(headers, parseOrigin('https://other.example'))).toBe(false);
});
