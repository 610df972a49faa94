import { durationText, relativeText } from '../../model/text.ts';
import { Failure } from '../../model/failure.ts';
import type { BootView, MachineView, TimelineEvent } from '../../model/views.ts';
import { keyOf, withAdminClient } from '../admin-call.ts';
import { type Command, JSON_OPTION } from '../command.ts';
import { hardwareText, type Paint, paintFor, timeText } from '../machine-text.ts';
import { plain } from '../text.ts';

const MOST = 20;

export const nodeCommand: Command = {
  name: 'node',
  words: '<MAC|NAME>',
  summary: 'one machine: what it asked for and was given, boot by boot, newest first',
  details:
    'Each line of a boot: when it began, how long it took, what it was, and why. A line that begins with ! went wrong.\n' +
    'The machine is named by its MAC in any spelling, by its node, or by uuid:... or serial:.... --json has what it was\n' +
    'sent and would be sent now, too.\n\n' +
    'examples:\n' +
    '  pilotlight node w1\n' +
    '  pilotlight node 52:54:00:55:1c:ee --boots 1\n' +
    "  pilotlight node w1 --json | jq -r '.texts[0].now'",
  options: {
    '--boots <COUNT>': `how many boots are shown, 1 to ${MOST} (default: 3)`,
    ...JSON_OPTION,
  },
  async run({ settings, words: [machine = ''], text, print }, context) {
    const boots = bootsOf(text('boots') ?? '3');
    const view = await withAdminClient(settings, async (client) => client.machine(await keyOf(client, machine)));
    return print(view, timelineText(view, Date.now(), paintFor(context), boots));
  },
};

function bootsOf(text: string): number {
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST) throw new Failure('invalid', `--boots must be a number from 1 to ${MOST}`);
  return count;
}

/** One machine for people: what is known of it, then its boots, newest first. */
export function timelineText(machine: MachineView, now: number, paint: Paint, boots: number): string {
  const shown = machine.boots.slice(0, boots);
  const more = machine.boots.length - shown.length;
  const none = machine.boots.length === 0 ? ['', 'it was not seen yet, or the journal is off'] : [];
  const rest =
    more > 0 ? ['', `${more} earlier ${more === 1 ? 'boot' : 'boots'}: --boots ${machine.boots.length}`] : [];
  return [...headLines(machine, now, paint), ...none, ...shown.flatMap((boot) => ['', ...bootLines(boot)]), ...rest]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function headLines({ row, because, texts }: MachineView, now: number, paint: Paint): readonly string[] {
  const { name, hostname, state, since, profile, version, serial, uuid, mac, address, firstSeen, lastSeen } = row;
  const known = [mac, uuid, serial === undefined ? undefined : `serial ${serial}`].filter((one) => one !== undefined);
  const seen = lastSeen === undefined ? 'never' : `${timeText(lastSeen)}, first ${timeText(firstSeen ?? lastSeen)}`;
  const lines: readonly (readonly [string, string])[] = [
    [
      'state',
      `${paint.state(state)}${since === undefined ? '' : ` since ${timeText(since)} (${relativeText(since - now)})`}`,
    ],
    ['installation', plain(row.installation?.text ?? '')],
    ['profile', [profile, version].filter((part) => part !== undefined && part !== '').join(' ')],
    ['because', plain(because)],
    ['machine', known.map(plain).join(', ')],
    ['hardware', plain(hardwareText(row))],
    ['calls itself', plain(hostname ?? '')],
    ['address', plain(address ?? '')],
    ['seen', seen],
    ['would change', changesOf(texts)],
  ];
  return [
    plain(name ?? row.key),
    ...lines.flatMap(([what, text]) => (text === '' ? [] : [`  ${what.padEnd(13)} ${text}`])),
  ];
}

/** What it would be sent now and was not sent last. */
function changesOf(texts: MachineView['texts']): string {
  return texts
    .filter(({ sent, now }) => sent !== undefined && now !== undefined && sent !== now)
    .map(({ title }) => title)
    .join(', ');
}

const OUTCOMES: Readonly<Record<BootView['outcome'], string>> = {
  boot: 'booted',
  install: 'installed',
  local: 'sent to its own disk',
  menu: 'shown the menu',
  unknown: 'told that it is unknown',
  waiting: 'told to wait',
};

function bootLines(boot: BootView): readonly string[] {
  const what = [OUTCOMES[boot.outcome], boot.profile, boot.version].filter((part) => part !== undefined && part !== '');
  const took = boot.ms === undefined ? '' : `  ${durationText(boot.ms)}`;
  const cells = boot.events.map((event) => [
    `+${durationText(Math.max(0, event.at - (event.ms ?? 0) - boot.at))}`,
    event.ms === undefined ? '' : durationText(event.ms),
    event.kind,
    textOf(event),
  ]);
  const wide = [0, 1, 2].map((i) => cells.reduce((most, cell) => Math.max(most, cell[i]?.length ?? 0), 0));
  return [
    `${timeText(boot.at)}  ${what.join(' ')}${took}`,
    ...cells.map(([at = '', ms = '', kind = '', text = '']) =>
      ['', at.padStart(wide[0] ?? 0), ms.padStart(wide[1] ?? 0), kind.padEnd(wide[2] ?? 0), text].join('  '),
    ),
  ];
}

function textOf({ text, times, ok }: TimelineEvent): string {
  return `${ok ? '' : '! '}${plain(text)}${times > 1 ? ` (${times} times)` : ''}`;
}
