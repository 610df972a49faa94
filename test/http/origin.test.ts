import { expect, test } from 'vitest';
import { parseOrigin } from '../../src/model/origin.ts';
import { legacyOriginOf, originOf } from '../../src/http/origin.ts';

const END = { localAddress: '192.0.2.1', localPort: 4777 };
const UEFI = 'UefiHttpBoot/1.0';
const head = (
  host: string | undefined,
  userAgent = '',
): { host: string | undefined; hosts: number; userAgent: string } => ({
  host,
  hosts: 1,
  userAgent,
});

test('the configured base URL wins, whatever the Host line says', () => {
  const base = parseOrigin('boot.lan:80');
  expect(originOf(head('"evil"'), END, base)).toBe('http://boot.lan:80');
  expect(legacyOriginOf(head('"evil"'), END, base)).toBe('http://boot.lan:80');
});

test('the Host line as it came', () => {
  expect(originOf(head('Boot.LAN:4777'), END, undefined)).toBe('http://Boot.LAN:4777');
  expect(originOf(head('[::1]:80'), END, undefined)).toBe('http://[::1]:80');
  expect(originOf(head('boot.lan'), END, undefined)).toBe('http://boot.lan');
});

test('UEFI HTTP boot leaves the port out', () => {
  expect(originOf(head('10.99.0.1', UEFI), END, undefined)).toBe('http://10.99.0.1:4777');
  expect(originOf(head('10.99.0.1:8080', UEFI), END, undefined)).toBe('http://10.99.0.1:8080');
  expect(originOf(head('[fd00::1]', UEFI), END, undefined)).toBe('http://[fd00::1]:4777');
  expect(originOf(head('10.99.0.1', UEFI), { ...END, localPort: 80 }, undefined)).toBe('http://10.99.0.1');
  expect(legacyOriginOf(head('10.99.0.1', UEFI), END, undefined)).toBe('http://10.99.0.1');
});

test('HTTP/1.0 without a Host line gets the address that it asked', () => {
  expect(originOf(head(undefined), END, undefined)).toBe('http://192.0.2.1:4777');
  expect(originOf(head(undefined), { localAddress: '::ffff:192.0.2.1', localPort: 80 }, undefined)).toBe(
    'http://192.0.2.1:80',
  );
  expect(legacyOriginOf(head(undefined), { localAddress: 'fe80::1%eth0', localPort: 80 }, undefined)).toBe(
    'http://[fe80::1]:80',
  );
});

test.each(['', ' ', 'a b', 'a/b', 'a@b', 'a:b', 'a:999999', '${x}', 'a\nb', '"', '-a', `a${'x'.repeat(300)}`])(
  'refuses the Host line %j',
  (host) => {
    expect(() => originOf(head(host), END, undefined)).toThrow(/is not a host name or address/);
    expect(() => legacyOriginOf(head(host), END, undefined)).toThrow(/is not a host name or address/);
  },
);
