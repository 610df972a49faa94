import { expect, test } from 'vitest';
import { parsePath, pathText, positionAt, type JsonPath } from '../../src/catalog/positions.ts';

test('lines and columns count from one, whatever ends a line', () => {
  const text = 'a\nbc\r\nd';
  expect(positionAt(text, 0)).toEqual({ line: 1, column: 1 });
  expect(positionAt(text, 1)).toEqual({ line: 1, column: 2 });
  expect(positionAt(text, 2)).toEqual({ line: 2, column: 1 });
  expect(positionAt(text, 3)).toEqual({ line: 2, column: 2 });
  expect(positionAt(text, 6)).toEqual({ line: 3, column: 1 });
  expect(positionAt('', 0)).toEqual({ line: 1, column: 1 });
});

test.each<readonly [JsonPath, string]>([
  [[], ''],
  [['nodes', 2, 'mac'], 'nodes[2].mac'],
  [['vars', 'a b'], 'vars["a b"]'],
  [['vars', 'x.y', 0], 'vars["x.y"][0]'],
  [['vars', 'say "hi"]'], 'vars["say \\"hi\\"]"]'],
  [['$schema'], '$schema'],
  [[0, 'a'], '[0].a'],
])('a path is written as a person would, and read back', (path, text) => {
  expect(pathText(path)).toBe(text);
  expect(parsePath(text)).toEqual(path);
});

test('what is no path is not read as one', () => {
  expect(parsePath('nodes[')).toBeUndefined();
  expect(parsePath('a..b')).toBeUndefined();
  expect(parsePath('["a')).toBeUndefined();
});
