import { expect, test } from 'vitest';
import { agentOf, legacyOriginOf, originOf, readHead, splitTarget } from '../../src/http/request.ts';
import { bootFileName, decodeSegments, nameFrom, nameInPath } from '../../src/http/names.ts';
import { parseOrigin } from '../../src/model/plan.ts';

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

test('one safe segment', () => {
  expect(nameFrom('profile', 'a-coreos_1.2+x')).toBe('a-coreos_1.2+x');
});

test.each([
  ['', 'profile: the name is missing'],
  ['../x', 'profile: "../x" is not a name'],
  ['a\u001b', 'profile: "a?" is not a name'],
])('refuses %j', (text, message) => {
  expect(() => nameFrom('profile', text)).toThrow(expect.objectContaining({ code: 'invalid', message }) as Error);
});

test('in a path: one folder, each segment decoded by itself', () => {
  expect(nameInPath('document', 'lab/rack%203%3Aa.yml')).toBe('lab/rack 3:a.yml');
  for (const rest of [
    'lab%2Fa.yml',
    'lab%5Ca',
    '..%2fa',
    '%2e%2e/a',
    'lab/../a',
    'lab//a',
    'a%00',
    'lab/%2ea',
    'a/b/c',
    '%zz',
  ]) {
    expect(() => nameInPath('document', rest), rest).toThrow(/^document: .* is not a name/);
  }
});

test('a file is one segment', () => {
  expect(bootFileName('ipxe.efi')).toBe('ipxe.efi');
  expect(bootFileName('/grubx64.efi')).toBe('grubx64.efi');
  expect(bootFileName('x86_64-sb//snponly.efi')).toBe('x86_64-sb/snponly.efi');
  expect(bootFileName('grub.cfg-01-52%3A54:00:55:1c:ee')).toBe('grub.cfg-01-52:54:00:55:1c:ee');
  for (const text of ['a%20b', '../x', 'a/../b', 'a%2Fb', '', '/', 'a/', '%zz', 'a\\b'])
    expect(() => bootFileName(text), text).toThrow(/^file: /);
});

test.each([
  ['/', { path: '/', query: '' }],
  ['/ipxe?mac=a&b=?', { path: '/ipxe', query: 'mac=a&b=?' }],
  ['/ipxe?mac=a#frag?x', { path: '/ipxe', query: 'mac=a' }],
  ['/a#?q=1', { path: '/a', query: '' }],
  ['http://host:1/x?y', { path: '/x', query: 'y', authority: 'host:1' }],
  ['HTTP://host', { path: '/', query: '', authority: 'host' }],
  ['http://host?y=1', { path: '/', query: 'y=1', authority: 'host' }],
  ['//evil/..', { path: '//evil/..', query: '' }],
  ['*', undefined],
  ['ftp://x/', undefined],
  ['', undefined],
])('splits %j', (url, want) => {
  expect(splitTarget(url)).toEqual(want);
});

test('decodes each segment once', () => {
  expect(decodeSegments('amd64-usr/1%2e0/a%20b')).toEqual(['amd64-usr', '1.0', 'a b']);
  expect(decodeSegments('%252e%252e')).toEqual(['%2e%2e']);
});

test.each([
  '',
  '.',
  '..',
  'a//b',
  'a/',
  '/a',
  'a/../b',
  '%2e%2e/a',
  '%2e',
  'a%2fb',
  'a%2F..%2Fb',
  '..%5ca',
  'a\\b',
  'a%00',
  'a%0a',
  'a%7f',
  '%c0%ae%c0%ae',
  '%e0%80%ae',
  'a%',
])('no plain path: %j', (path) => {
  expect(decodeSegments(path)).toBeUndefined();
});

test('finds host and agent in any case, and counts hosts', () => {
  expect(readHead(['HOST', 'a:1', 'User-Agent', 'iPXE/1', 'X', 'y'])).toEqual({
    host: 'a:1',
    hosts: 1,
    userAgent: 'iPXE/1',
  });
  expect(readHead(['host', 'a', 'Host', 'b', 'user-agent', '1', 'User-Agent', '2'])).toEqual({
    host: 'a',
    hosts: 2,
    userAgent: '1',
  });
  expect(readHead([])).toEqual({ host: undefined, hosts: 0, userAgent: '' });
  expect(readHead(['Hose', 'x', 'User_Agent', 'x']).host).toBeUndefined();
});

test.each([
  ['iPXE/1.0.0+git-20190125.36a4c85-5.1', 'ipxe'],
  ['gPXE/1.0.1', 'ipxe'],
  ['UefiHttpBoot/1.0', 'uefi'],
  ['Mozilla/5.0 iPXE/1', 'other'],
  ['', 'other'],
])('%s is %s', (agent, want) => {
  expect(agentOf(agent)).toBe(want);
});
