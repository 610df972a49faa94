import { expect, test } from 'vitest';
import { at, itemsOf, textAt } from '../../src/documents/ignition-places.ts';

const root = { path: ['r'], value: JSON.parse('{"a": [{"b": "c"}, 1], "n": null, "__proto__": {"x": 1}}') as unknown };

test('steps lead to values, and to nothing where there is none', () => {
  expect(at(root, 'a', 0, 'b')).toEqual({ path: ['r', 'a', 0, 'b'], value: 'c' });
  expect(at(root, 'a', 5, 'b')).toEqual({ path: ['r', 'a', 5, 'b'], value: undefined });
  expect(at(root, 'n', 'x').value).toBeUndefined();
  for (const key of ['toString', 'constructor', 'x']) expect(at(root, key).value).toBeUndefined();
});

test('items of lists', () => {
  expect(itemsOf(root, 'a')).toEqual([
    { path: ['r', 'a', 0], value: { b: 'c' } },
    { path: ['r', 'a', 1], value: 1 },
  ]);
  expect(itemsOf(root, 'n')).toEqual([]);
  expect(itemsOf(root, 'a', 0, 'b')).toEqual([]);
});

test('text is text or nothing', () => {
  expect(textAt(root, 'a', 0, 'b')).toBe('c');
  expect(textAt(root, 'a', 1)).toBe('');
});
