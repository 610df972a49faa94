import { expect, test } from 'vitest';
import { unitFileProblem } from '../../src/documents/units.ts';

const GOOD = '# a\n; b\n\n[Unit]\nDescription=a = b\nEmpty=\n[Service]\r\nExecStart=/a \\\n  not a key\nX-Own=1\n';
const COMMENT_INSIDE = '[Service]\nExecStart=/a \\\n  # why\n  --b\n';

test('a unit file', () => {
  expect(unitFileProblem(GOOD, 'systemd')).toBeUndefined();
  expect(unitFileProblem(GOOD, 'ignition')).toBeUndefined();
  expect(unitFileProblem('', 'systemd')).toBeUndefined();
});

test.each([
  ['a=b\n[Unit]\n', { message: 'line 1 of the unit stands before any [Section]', fatal: false }],
  ['[Unit]\n\nfoo\n', { message: 'line 3 of the unit is not Key=value', fatal: true }],
  ['[Unit]\n=a\n', { message: 'line 2 of the unit is not Key=value', fatal: true }],
  ['[Unit\nA=b\n', { message: 'line 1 of the unit stands before any [Section]', fatal: false }],
])('%j', (text, problem) => {
  expect(unitFileProblem(text, 'systemd')).toEqual(problem);
});

test('a comment inside of a long line ends it for Ignition alone', () => {
  expect(unitFileProblem(COMMENT_INSIDE, 'systemd')).toBeUndefined();
  expect(unitFileProblem(COMMENT_INSIDE, 'ignition')).toEqual({
    message: 'line 4 of the unit is not Key=value',
    fatal: true,
  });
});
