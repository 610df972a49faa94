import { describe, expect, it } from 'vitest';
import { bytesText, secondsText, tableText } from '../../src/cli/units.ts';

describe('units', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [200_000, '195 KiB'],
    [78_100_000, '74.5 MiB'],
    [5 * 2 ** 30, '5.0 GiB'],
    [9000 * 2 ** 40, '9000 TiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it.each([
    [-1, '0 s'],
    [59.4, '59 s'],
    [125, '2 min 05 s'],
    [3840, '1 h 04 min'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(secondsText(seconds)).toBe(text);
  });

  it('columns are as wide as their widest cell, without blanks at the end', () => {
    expect(
      tableText([
        ['A', 'B'],
        ['long', ''],
        ['x', 'y'],
      ]),
    ).toBe('A     B\nlong\nx     y\n');
    expect(tableText([])).toBe('');
  });
});
