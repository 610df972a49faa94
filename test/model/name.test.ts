import { describe, expect, it, test } from 'vitest';
import { isInFolder, type Name, nameInUrl, parseFileName, parseName } from '../../src/model/profile.ts';
import { nearest } from '../../src/model/text.ts';

const KEYS = ['cloud_config', 'console', 'version', 'write_files', 'users'];

test.each([
  ['cloud_confg', 'cloud_config'],
  ['cloud-config', 'cloud_config'],
  ['Console', 'console'],
  ['verison', 'version'],
  ['writefile', 'write_files'],
  ['user', 'users'],
])('%s is probably %s', (word, meant) => {
  expect(nearest(word, KEYS)).toBe(meant);
});

test('what resembles nothing has no neighbour', () => {
  expect(nearest('kickstart', KEYS)).toBeUndefined();
  expect(nearest('', ['abc'])).toBeUndefined();
  expect(nearest('c', ['a'])).toBeUndefined();
  expect(nearest('u', KEYS)).toBeUndefined();
});

test('a word of any length is answered at once', () => {
  const started = performance.now();
  expect(nearest('x'.repeat(1_000_000), KEYS)).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(5000);
});

test('of two candidates the nearer wins', () => {
  expect(nearest('etcd3', ['etcd', 'etcd2'])).toBe('etcd');
  expect(nearest('path', ['paths', 'path_'])).toBe('path_');
});

describe('parseName', () => {
  it.each([
    'a',
    'a-coreos',
    '_x',
    'b.yml',
    'Worker_1.ign',
    'x+y',
    'constructor',
    'a'.repeat(128),
    '52:54:00:55:1c:ee',
    'rack 3',
    'lab/a',
    'lab/rack 3:b.yml',
  ])('takes %s', (text) => {
    expect(parseName(text)).toBe(text);
  });
  it.each([
    '',
    '.',
    '..',
    '.hidden',
    'a..b',
    'a/b/c',
    '/a',
    'a/',
    'a//b',
    'a/../b',
    './a',
    'a/.b',
    '.a/b',
    'a /b',
    'a/ b',
    'a\\b',
    '../x',
    'a\0',
    ' a',
    'a ',
    'a\tb',
    'a\0.json',
    '%2e%2e%2fa',
    ':a',
    'a\n',
    '%2e',
    '-x',
    'é',
    'a'.repeat(129),
    `${'a'.repeat(64)}/${'b'.repeat(64)}`,
  ])('refuses %j', (text) => {
    expect(parseName(text)).toBeUndefined();
  });
});

describe('a file name', () => {
  it('has neither folder, colon nor blank', () => {
    expect(parseFileName('vmlinuz-6.1_a+b')).toBe('vmlinuz-6.1_a+b');
    for (const text of ['', 'a/b', 'a b', 'a:b', '..', '.a', 'a..b', 'a\0', 'a'.repeat(129)]) {
      expect(parseFileName(text), text).toBeUndefined();
    }
  });
});

describe('a name in a URL', () => {
  it('is encoded, and stays readable', () => {
    expect(nameInUrl('lab/rack 3:b+c.yml')).toBe('lab/rack%203:b%2Bc.yml');
  });
  it('says whether it is in a folder', () => {
    expect([isInFolder('lab/a' as Name), isInFolder('a' as Name)]).toEqual([true, false]);
  });
  it('takes a text of any length in a moment', () => {
    for (const text of [' '.repeat(1e6), 'a '.repeat(5e5), 'a'.repeat(1e6), `${'a '.repeat(63)}/`]) {
      expect(parseName(text)).toBeUndefined();
    }
  });
});
