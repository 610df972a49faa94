import { describe, expect, test } from 'vitest';
import { timelineText } from '../../../src/cli/commands/node.ts';
import { timeText } from '../../../src/cli/machine-text.ts';
import type { BootView, MachineView, TimelineEvent } from '../../../src/model/views.ts';
import { bootOf, eventOf, flatcar, MAC, pageOf, rowOf } from '../../admin/service/setup.ts';
import { cliSetup, runAt } from '../../support/cli-setup.ts';
import { makeFolder } from '../../support/folder.ts';

const AT = new Date(2026, 10, 21, 12).getTime();
const paint = { state: (state: string) => `<${state}>` };

function event(more: Partial<TimelineEvent>): TimelineEvent {
  return { id: 1, at: AT, kind: 'file', text: 't', ok: true, times: 1, ...more };
}

const boot: BootView = {
  id: 1,
  at: AT,
  outcome: 'boot',
  profile: 'workers',
  version: '1.2.3',
  ms: 41_200,
  events: [
    event({ kind: 'dhcp', text: 'told to load undionly.kpxe' }),
    event({ kind: 'script', at: AT + 500, text: 'told to boot: mac 52:54:00:00:00:01 is node w1', times: 3 }),
    event({ kind: 'file', at: AT + 12_500, ms: 11_000, text: 'vmlinuz\u001b[2J', bytes: 5 }),
    event({ kind: 'refused', at: AT + 13_000, text: 'configs/x refused with 404', ok: false }),
  ],
};

const view: MachineView = {
  row: {
    key: '52:54:00:00:00:01',
    mac: '52:54:00:00:00:01',
    serial: 'X7',
    name: 'w1',
    state: 'up',
    since: AT + 60_000,
    firstSeen: AT,
    lastSeen: AT + 90_000,
    profile: 'workers',
    version: '1.2.3',
    boots: [],
  },
  because: 'mac 52:54:00:00:00:01 is node w1 of profiles/workers.json',
  boots: [boot, { ...boot, outcome: 'waiting', events: [] }],
  texts: [
    { title: 'boot script', sent: 'a', now: 'b' },
    { title: 'configs/same.yml', sent: 'a', now: 'a' },
    { title: 'configs/new.yml', now: 'a' },
  ],
};

describe('a timeline', () => {
  test('newest first, in columns, with what went wrong', () => {
    expect(timelineText(view, AT + 120_000, paint, 1)).toBe(
      [
        'w1',
        `  state         <up> since ${timeText(AT + 60_000)} (1 min ago)`,
        '  profile       workers 1.2.3',
        '  because       mac 52:54:00:00:00:01 is node w1 of profiles/workers.json',
        '  machine       52:54:00:00:00:01, serial X7',
        `  seen          ${timeText(AT + 90_000)}, first ${timeText(AT)}`,
        '  would change  boot script',
        '',
        `${timeText(AT)}  booted workers 1.2.3  41 s`,
        '    +0 ms        dhcp     told to load undionly.kpxe',
        '  +500 ms        script   told to boot: mac 52:54:00:00:00:01 is node w1 (3 times)',
        '   +1.5 s  11 s  file     vmlinuz?[2J',
        '    +13 s        refused  ! configs/x refused with 404',
        '',
        '1 earlier boot: --boots 2',
        '',
      ].join('\n'),
    );
  });

  test('of a machine that was never seen', () => {
    const row = { key: 'serial:7', serial: '7', state: 'assigned', boots: [] } as const;
    const text = timelineText({ row, because: 'b', boots: [], texts: [] }, AT, paint, 3);
    expect(text).toBe(
      'serial:7\n  state         <assigned>\n  because       b\n  machine       serial 7\n  seen          never\n\n' +
        'it was not seen yet, or the journal is off\n',
    );
  });
});

const boots = Array.from({ length: 4 }, (_, i) => bootOf([eventOf({ kind: 'script', text: `told ${i}` })], { id: i }));
const VIEW: MachineView = { row: rowOf({ name: 'w1', state: 'up' }), boots, because: 'of this', texts: [] };
const FILES = { 'profiles/workers.json': flatcar([{ name: 'w1', mac: MAC }]) };

describe('pilotlight node', () => {
  const answers = { machine: () => Promise.resolve(VIEW), machines: () => Promise.resolve(pageOf([VIEW.row])) };

  test('by MAC, by name', async () => {
    const setup = await cliSetup(answers);
    for (const word of ['00-1B-21-00-00-01', 'W1']) {
      const { code, stdout } = await runAt(setup.dir, ['node', word]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^w1\n {2}state {9}up\n {2}because {7}of this\n/);
      expect(stdout.match(/told \d/g)).toEqual(['told 0', 'told 1', 'told 2']);
      expect(stdout).toContain('1 earlier boot: --boots 4');
    }
    expect(setup.adminService.calls.filter(([name]) => name === 'machine')).toEqual([
      ['machine', MAC, setup.url],
      ['machine', MAC, setup.url],
    ]);
  });

  test('as many boots as somebody wants, and everything for programs', async () => {
    const setup = await cliSetup(answers);
    expect((await runAt(setup.dir, ['node', MAC, '--boots', '1'])).stdout.match(/told \d/g)).toEqual(['told 0']);
    expect(JSON.parse((await runAt(setup.dir, ['node', MAC, '--json'])).stdout)).toEqual(VIEW);
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
