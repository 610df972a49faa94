import { expect, test } from 'vitest';
import { documentText, Lines, linesNotUtf8, parsePath, type Path, pathText, shown } from '../../src/text/text.ts';

test.each<readonly [Path, string]>([
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

test('lines and columns count from 1', () => {
  const lines = new Lines('ab\n\ncd\r\ne');
  const at = (offset: number) => [lines.at(offset).line, lines.at(offset).column];
  expect([0, 1, 2, 3, 4, 6, 8, 9].map(at)).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 1],
    [3, 1],
    [3, 3],
    [4, 1],
    [4, 2],
  ]);
  expect(new Lines('').at(0)).toEqual({ line: 1, column: 1 });
});

test('what is shown is short and on one line', () => {
  expect(shown('a\nb"')).toBe(String.raw`"a\nb\""`);
  expect(shown('x'.repeat(100))).toBe(`"${'x'.repeat(57)}..."`);
  expect(shown(undefined)).toBe('""');
  expect(shown(644)).toBe('"644"');
});

const LATIN = Buffer.from('#cloud-config\n# caf\xe9\nhostname: a\n', 'latin1');

test('any bytes come back from their text as they were', () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  for (const bytes of [LATIN, all, Buffer.from('é\u2028\ufeff😀'), Buffer.from([0xed, 0xa0, 0x80])]) {
    const { text, encoding } = documentText(bytes);
    expect(Buffer.from(text, encoding)).toEqual(bytes);
  }
});

test('the lines that are not UTF-8 are found, however long the file is', () => {
  expect(linesNotUtf8(LATIN).map(({ line }) => line)).toEqual([2]);
  expect(linesNotUtf8(Buffer.concat([Buffer.from('é\né'), Buffer.from([0xf6])]))).toMatchObject([
    { line: 2, column: 2 },
  ]);
  expect(linesNotUtf8(Buffer.from('é\n😀\n'))).toEqual([]);
  // Cut in the middle of a character, at the end of a line and of the file; a surrogate; more than four bytes.
  const lines = ['c3', '', 'c3a9', 'eda080', 'fb808080', 'f09f98'].map((hex) => Buffer.from(`${hex}0a`, 'hex'));
  const found = linesNotUtf8(Buffer.concat(lines).subarray(0, -1));
  expect(found.map(({ line }) => line)).toEqual([1, 4, 5, 6]);
});
