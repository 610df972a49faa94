import { expect, test } from 'vitest';
import { depthFault } from '../../src/catalog/json-depth.ts';

test('64 levels are allowed, the 65th is pointed at', () => {
  expect(depthFault('['.repeat(64) + ']'.repeat(64))).toBeUndefined();
  expect(depthFault(` ${'['.repeat(65)}`)).toBe(65);
  expect(depthFault('{"a":'.repeat(65))).toBe(64 * 5);
});

test('brackets inside strings do not count, escaped quotes do not end one', () => {
  expect(depthFault(`"${'['.repeat(100)}"`)).toBeUndefined();
  expect(depthFault(`"\\"${'['.repeat(100)}"`)).toBeUndefined();
  expect(depthFault('[]'.repeat(100))).toBeUndefined();
});

test('a string that is never closed does not hide what follows its line', () => {
  expect(depthFault(`"open\n${'['.repeat(65)}`)).toBe(6 + 64);
});
