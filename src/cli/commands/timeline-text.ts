import type { BootView, MachineView, TimelineEvent } from '../../model/views.ts';
import { agoText, hardwareText, timeText, tookText, type Paint } from '../machine-text.ts';
import { plain } from '../text.ts';

/** One machine for people: what is known of it, then its boots, newest first. */
export function timelineText(machine: MachineView, now: number, paint: Paint, boots: number): string {
  const shown = machine.boots.slice(0, boots);
  const more = machine.boots.length - shown.length;
  const none = machine.boots.length === 0 ? ['', 'it was not seen yet, or the journal is off'] : [];
  const rest =
    more > 0
      ? ['', `${String(more)} earlier ${more === 1 ? 'boot' : 'boots'}: --boots ${String(machine.boots.length)}`]
      : [];
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
      `${paint.state(state)}${since === undefined ? '' : ` since ${timeText(since)} (${agoText(now - since)})`}`,
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
  unknown: 'told that nobody knows it',
  waiting: 'told to wait',
};

function bootLines(boot: BootView): readonly string[] {
  const what = [OUTCOMES[boot.outcome], boot.profile, boot.version].filter((part) => part !== undefined && part !== '');
  const took = boot.ms === undefined ? '' : `  ${tookText(boot.ms)}`;
  const cells = boot.events.map((event) => [
    `+${tookText(Math.max(0, event.at - (event.ms ?? 0) - boot.at))}`,
    event.ms === undefined ? '' : tookText(event.ms),
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
  return `${ok ? '' : '! '}${plain(text)}${times > 1 ? ` (${String(times)} times)` : ''}`;
}
