import { describe, expect, it, test } from 'vitest';
import { lineDiff } from '../../../src/admin/service/line-diff.ts';
import { hunks, installDisk, reinstallPage, releasePage, textDiff } from '../../../src/admin/web/confirm-page.ts';
import type { MachineView } from '../../../src/model/views.ts';

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

const VIEW: MachineView = {
  row: { key: '52:54:00:55:1c:ee', name: 'w1', profile: 'p', state: 'up', boots: [] },
  boots: [],
  because: '',
  texts: [],
};

test('says which disk is erased', () => {
  const { data, title } = reinstallPage(VIEW, '/dev/sda');
  expect(title).toBe('Reinstall w1');
  expect(data['points']).toContain('The disk /dev/sda is erased, with everything on it.');
  expect(data).toMatchObject({
    button: 'Erase /dev/sda and reinstall',
    action: '/dashboard/machines/52%3A54%3A00%3A55%3A1c%3Aee/reinstall',
  });
});

test('says so when the disk is not known', () => {
  expect(reinstallPage(VIEW, undefined).data).toMatchObject({ button: 'Erase and reinstall' });
});

test('says out of what a machine is taken', () => {
  expect(releasePage(VIEW).data['question']).toBe('Take w1 out of profile p?');
  const row = { key: 'k', name: 'w1', state: 'up', boots: [] } as const;
  expect(releasePage({ ...VIEW, row }).data['question']).toBe('Take w1 out of its profile?');
});

test.each([
  ['{"install":{"disk":"/dev/sda"}}', '/dev/sda'],
  ['{"install":{}}', undefined],
  ['{"install":{"disk":7}}', undefined],
  ['{"install":null}', undefined],
  ['{}', undefined],
  ['[]', undefined],
  ['{', undefined],
])('the disk in %s is %s', (text, disk) => {
  expect(installDisk(text)).toBe(disk);
});
