import { expect, test } from 'vitest';
import { decodeStrict, decodeTolerant, show } from '../../src/http/percent.ts';

test.each([
  ['plain', 'plain'],
  ['52%3A54', '52:54'],
  ['a+b', 'a+b'],
  ['%c3%a4', 'ä'],
  ['%', undefined],
  ['%zz', undefined],
  ['%e0%a4', undefined],
  ['%c0%ae', undefined],
  ['%ff', undefined],
])('strict: %s', (text, want) => {
  expect(decodeStrict(text)).toBe(want);
});

test.each([
  ['plain', 'plain'],
  ['A%26B', 'A&B'],
  ['100%', '100%'],
  ['%b%zz%41', '%b%zzA'],
  ['%FFFFFFEE', '\ufffdFFFFEE'],
  ['%c3%a4', 'ä'],
  ['%c3', '\ufffd'],
  ['a+b', 'a+b'],
  ['%2541', '%41'],
])('tolerant: %s', (text, want) => {
  expect(decodeTolerant(text)).toBe(want);
});

test('shows only printable ASCII, and not too much of it', () => {
  expect(show('a\u001b[31m\r\nb\u0000ä')).toBe('a?[31m??b??');
  expect(show('x'.repeat(64))).toBe('x'.repeat(64));
  expect(show('x'.repeat(4000))).toBe(`${'x'.repeat(61)}...`);
});
