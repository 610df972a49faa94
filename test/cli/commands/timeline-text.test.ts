import { describe, expect, test } from 'vitest';
import { timeText } from '../../../src/cli/machine-text.ts';
import { timelineText } from '../../../src/cli/commands/timeline-text.ts';
import type { BootView, MachineView, TimelineEvent } from '../../../src/model/views.ts';

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
