import { expect, test } from 'vitest';
import { lineDiff } from '../../../src/admin/web/line-diff.ts';
import { textDiff } from '../../../src/admin/web/text-diff.ts';

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
