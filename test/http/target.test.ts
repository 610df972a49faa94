import { expect, test } from 'vitest';
import { decodeSegments, splitTarget } from '../../src/http/target.ts';

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
