import { describe, expect, it, test } from 'vitest';
import { lineDiff } from '../../../src/admin/service/line-diff.ts';
import { hunks, textDiff } from '../../../src/admin/web/text-diff.ts';

test('counts what comes and what goes', () => {
  const diff = textDiff(lineDiff('a\nb\nc\n', 'a\nB\nB2\nc\n'));
  expect(diff.summary).toBe('2 lines added, 1 line removed');
  expect(diff.same).toBe(false);
  expect(diff.hunks[0]?.skipped).toBeUndefined();
  expect(diff.hunks[0]?.lines).toContainEqual({ sign: '+', text: 'B', added: true, removed: false });
  expect(diff.hunks[0]?.lines).toContainEqual({ sign: '-', text: 'b', added: false, removed: true });
});

test('says when nothing changes', () => {
  expect(textDiff(lineDiff('a\n', 'a\n'))).toEqual({ hunks: [], summary: 'no difference', same: true });
});

test('says how much is left out', () => {
  const before = `${'x\n'.repeat(9)}old\n`;
  expect(textDiff(lineDiff(before, before.replace('old', 'new'))).hunks[0]?.skipped).toBe('6 equal lines left out');
});

const text = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('hunks', () => {
  const lines = Array.from({ length: 40 }, (_, i) => String(i));
  const changed = lines.map((line) => (line === '10' || line === '30' ? `${line}!` : line));

  it('are the changes with three lines around them', () => {
    const made = hunks(lineDiff(text(...lines), text(...changed)));
    expect(made.map(({ skipped }) => skipped)).toEqual([7, 13]);
    expect(made[0]?.lines.map((line) => line.sign + line.text)).toEqual([
      ' 7',
      ' 8',
      ' 9',
      '-10',
      '+10!',
      ' 11',
      ' 12',
      ' 13',
    ]);
  });

  it('of no change are none', () => {
    expect(hunks(lineDiff('a\n', 'a\n'))).toEqual([]);
  });

  it('that touch are one', () => {
    const near = lines.map((line) => (line === '10' || line === '15' ? `${line}!` : line));
    expect(hunks(lineDiff(text(...lines), text(...near)))).toHaveLength(1);
  });
});
