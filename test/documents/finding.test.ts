import { expect, test } from 'vitest';
import { Findings, Lines, pathText, shown } from '../../src/documents/finding.ts';

test.each([
  [['coreos', 'units', 0, 'drop-ins', 1], 'coreos.units[0].drop-ins[1]'],
  [[0, 'a'], '[0].a'],
  [['a b', 'c.d', ''], '["a b"]["c.d"][""]'],
  [[], ''],
])('%j is %s', (path, text) => {
  expect(pathText(path)).toBe(text);
});

test('lines and columns count from 1', () => {
  const lines = new Lines('ab\n\ncd\r\ne');
  expect([0, 1, 2, 3, 4, 6, 8, 9].map((offset) => Object.values(lines.at(offset)))).toEqual([
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

test('findings come in the order of the text, those without a place first', () => {
  const findings = new Findings('a\nb\n');
  expect(findings.any).toBe(false);
  findings.warn('second', { offset: 2, path: ['b'], remedy: 'r' });
  findings.error('first', { offset: 0 });
  findings.warn('nowhere');
  expect(findings.any).toBe(true);
  expect(findings.sorted()).toEqual([
    { severity: 'warning', message: 'nowhere' },
    { severity: 'error', message: 'first', line: 1, column: 1 },
    { severity: 'warning', message: 'second', key: 'b', line: 2, column: 1, remedy: 'r' },
  ]);
});

test('of more than a hundred findings the errors are kept', () => {
  const findings = new Findings('\n'.repeat(300));
  for (let i = 0; i < 300; i += 1) findings.warn('w', { offset: i });
  findings.error('e', { offset: 299 });
  expect(findings.sorted()).toHaveLength(100);
  expect(findings.sorted()[0]).toMatchObject({ severity: 'error', line: 300 });
});

test('what is shown is short and on one line', () => {
  expect(shown('a\nb"')).toBe(String.raw`"a\nb\""`);
  expect(shown('x'.repeat(100))).toBe(`"${'x'.repeat(57)}..."`);
  expect(shown(undefined)).toBe('""');
  expect(shown(644)).toBe('"644"');
});
