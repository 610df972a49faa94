import { expect, test } from 'vitest';
import { nameFrom } from '../../../src/doors/http/name-from.ts';

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
