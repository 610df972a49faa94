import { describe, expect, test } from 'vitest';
import type { MachineView } from '../../../src/model/views.ts';
import { counterStand, runAt } from '../../support/counter-stand.ts';
import { makeFolder } from '../../support/folder.ts';
import { bootOf, eventOf, flatcar, MAC, pageOf, rowOf } from '../../admin/service/stand.ts';

const boots = Array.from({ length: 4 }, (_, i) =>
  bootOf([eventOf({ kind: 'script', text: `told ${String(i)}` })], { id: i }),
);
const VIEW: MachineView = { row: rowOf({ name: 'w1', state: 'up' }), boots, because: 'of this', texts: [] };
const FILES = { 'profiles/workers.json': flatcar([{ name: 'w1', mac: MAC }]) };

describe('pilotlight node', () => {
  const answers = { machine: () => Promise.resolve(VIEW), machines: () => Promise.resolve(pageOf([VIEW.row])) };

  test('by MAC, by name', async () => {
    const stand = await counterStand(answers);
    for (const word of ['00-1B-21-00-00-01', 'W1']) {
      const { code, stdout } = await runAt(stand.dir, ['node', word]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^w1\n {2}state {9}up\n {2}because {7}of this\n/);
      expect(stdout.match(/told \d/g)).toEqual(['told 0', 'told 1', 'told 2']);
      expect(stdout).toContain('1 earlier boot: --boots 4');
    }
    expect(stand.office.calls.filter(([name]) => name === 'machine')).toEqual([
      ['machine', MAC, stand.url],
      ['machine', MAC, stand.url],
    ]);
  });

  test('as many boots as somebody wants, and everything for programs', async () => {
    const stand = await counterStand(answers);
    expect((await runAt(stand.dir, ['node', MAC, '--boots', '1'])).stdout.match(/told \d/g)).toEqual(['told 0']);
    expect(JSON.parse((await runAt(stand.dir, ['node', MAC, '--json'])).stdout)).toEqual(VIEW);
  });

  test('on the files', async () => {
    const { code, stdout, stderr } = await runAt(makeFolder(FILES), ['node', 'w1']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('  because       mac 00:1b:21:00:00:01 is node w1 of profiles/workers.json\n');
  });

  test.each([
    [['node', 'w2'], 1, 'no machine is called "w2" (did you mean "w1"?)'],
    [['node', '00:1b:21:00:00:99'], 1, '00:1b:21:00:00:99 was never seen, and no profile names it'],
    [['node'], 2, 'expected MAC|NAME'],
    [['node', 'w1', '--boots', '0'], 2, '--boots must be a number from 1 to 20'],
  ])('%j', async (argv, code, says) => {
    const done = await runAt(makeFolder(FILES), argv);
    expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(says)]);
  });
});
