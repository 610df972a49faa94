import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { parseOrigin } from '../../../src/model/origin.ts';
import { cameByTls, clientKey } from '../../../src/admin/auth/client.ts';

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

test('nobody is somebody, too', () => {
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
