import { expect, test } from 'vitest';
import { fileNameFrom, nameFrom, nameInPath } from '../../src/http/name-from.ts';

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
  expect(fileNameFrom('ipxe.efi')).toBe('ipxe.efi');
  for (const text of ['a/b', 'a b', 'a:b', '']) expect(() => fileNameFrom(text)).toThrow(/^file: /);
});
