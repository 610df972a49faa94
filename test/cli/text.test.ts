import { describe, expect, it, test } from 'vitest';
import { type Column, cut, fittedTable, plain, tableText } from '../../src/cli/text.ts';

describe('a table', () => {
  it('columns are as wide as their widest cell, without blanks at the end', () => {
    expect(
      tableText([
        ['A', 'B'],
        ['long', ''],
        ['x', 'y'],
      ]),
    ).toBe('A     B\nlong\nx     y\n');
  });
});

type Row = readonly [string, string, string];
const columns: readonly Column<Row>[] = [
  { title: 'NAME', spare: 0, text: ([a]) => a },
  { title: 'WHAT', spare: 2, text: ([, b]) => b },
  { title: 'WHERE', spare: 1, text: ([, , c]) => c },
];
const rows: readonly Row[] = [
  ['a-long-name-that-is-wide', 'thing', 'here'],
  ['b', '', 'a place that is far away'],
];

describe('a table', () => {
  test('without a width is as wide as it is', () => {
    expect(fittedTable(columns, rows, undefined)).toEqual([
      'NAME                      WHAT   WHERE',
      'a-long-name-that-is-wide  thing  here',
      'b                                a place that is far away',
    ]);
  });

  test('of a narrow terminal loses first what can be spared most, then letters', () => {
    expect(fittedTable(columns, rows, 50)).toEqual([
      'NAME                      WHERE',
      'a-long-name-that-is-wide  here',
      'b                         a place that is far away',
    ]);
    expect(fittedTable(columns, rows, 30)).toEqual(['NAME', 'a-long-name-that-is-wide', 'b']);
    expect(fittedTable(columns, rows, 10)).toEqual(['NAME', 'a-long-na~', 'b']);
  });

  test.each([1, 5, 8, 20, 40, 57, 80])('never is wider than %d', (width) => {
    for (const line of fittedTable(columns, rows, width)) expect(line.length).toBeLessThanOrEqual(width);
  });

  test('has no column in which nobody says anything', () => {
    expect(fittedTable(columns, [['a', '', 'x']], undefined)).toEqual(['NAME  WHERE', 'a     x']);
  });
});

test('what is cut says so; what moves a cursor does not', () => {
  expect([cut('abcdef', 6), cut('abcdef', 3), cut('abc', 0)]).toEqual(['abcdef', 'ab~', '~']);
  expect(plain('a\u001b[2Jb\n\u202ec\u009b')).toBe('a?[2Jb??c?');
});
