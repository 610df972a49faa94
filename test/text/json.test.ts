import { expect, test } from 'vitest';
import { JsonPlaces, tooDeep } from '../../src/text/json.ts';

test('64 levels are allowed, the 65th is pointed at', () => {
  expect(tooDeep('['.repeat(64) + ']'.repeat(64), 64)).toBeUndefined();
  expect(tooDeep(` ${'['.repeat(65)}`, 64)).toBe(65);
  expect(tooDeep('{"a":'.repeat(65), 64)).toBe(64 * 5);
});

test('brackets inside strings do not count, escaped quotes do not end one', () => {
  expect(tooDeep(`"${'['.repeat(100)}"`, 64)).toBeUndefined();
  expect(tooDeep(`"\\"${'['.repeat(100)}"`, 64)).toBeUndefined();
  expect(tooDeep('[]'.repeat(100), 64)).toBeUndefined();
});

test('a string that is never closed does not hide what follows its line', () => {
  expect(tooDeep(`"open\n${'['.repeat(65)}`, 64)).toBe(6 + 64);
});

test('places of values and of names are found, also of what is not there', () => {
  const text = '{\n  "a": [1,\n    {"b": 2}]\n}';
  const places = new JsonPlaces(text);
  expect(places.value(['a', 1, 'b'])).toEqual({ line: 3, column: 11 });
  expect(text.slice(places.keyOffset(['a', 1, 'b']))).toMatch(/^"b"/);
  expect(places.value(['a', 1, 'missing'])).toEqual({ line: 3, column: 5 });
  expect(places.value([])).toEqual({ line: 1, column: 1 });
});
