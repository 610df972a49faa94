import type { AdminClient } from '../../admin/client/client.ts';
import { Failure } from '../../model/failure.ts';
import type { LogLineView } from '../../model/machine-views.ts';
import { type MachineKey, omitUndefined } from '../../model/machine.ts';
import type { ActivityView } from '../../model/operator-views.ts';
import { keyOf, withAdminClient } from '../admin-call.ts';
import { type CliContext, type Command, EXIT, JSON_OPTION } from '../command.ts';
import { timeText } from '../machine-text.ts';
import { plain, tableText } from '../text.ts';
import { createLooker } from './nodes.ts';

const MOST_LINES = 5000;

export const logsCommand: Command = {
  name: 'logs',
  words: '<MAC|NAME>',
  summary: 'what a machine and its installer logged: the last lines',
  details:
    'The lines that it sent to the syslog receiver (PILOTLIGHT_SYSLOG; docs/syslog.md says which installers do). A line\n' +
    'that begins with ! is an error. The time is that of their arrival.\n\n' +
    'examples:\n' +
    '  pilotlight logs w1\n' +
    '  pilotlight logs w1 --follow\n' +
    "  pilotlight logs w1 --lines 5000 --json | jq -r '.lines[].text'",
  options: {
    '--follow': 'go on with what comes, until Ctrl-C',
    '--lines <COUNT>': `how many, 1 to ${MOST_LINES} (default: 200)`,
    '--json': 'one JSON object; with --follow one line of the log a line',
  },
  async run({ settings, words: [machine = ''], text, has, print }, context) {
    const limit = numberOf('--lines', text('lines') ?? '200', MOST_LINES);
    return await withAdminClient(settings, async (client) => {
      const key = await keyOf(client, machine);
      const page = await client.machineLog(key, { limit });
      if (page.off !== undefined) context.stderr.write(`${plain(page.off)}\n`);
      if (!has('follow')) {
        const none = page.off === undefined ? 'nothing yet\n' : '';
        return print(page, page.lines.length === 0 ? none : page.lines.map(lineText).join(''));
      }
      const show = has('json') ? (line: LogLineView) => `${JSON.stringify(line)}\n` : lineText;
      context.stdout.write(page.lines.map(show).join(''));
      await follow(client, key, page.last, show, context);
      return EXIT.ok;
    });
  },
};

async function follow(
  client: AdminClient,
  key: MachineKey,
  from: number,
  show: (line: LogLineView) => string,
  { stdout, stop }: CliContext,
): Promise<void> {
  let last = from;
  const looker = createLooker(async () => {
    for (let more = true; more && !stop.aborted;) {
      const page = await client.machineLog(key, { after: last, limit: MOST_LINES });
      if (page.lines.length > 0) stdout.write(page.lines.map(show).join(''));
      last = page.last;
      more = page.lines.length === MOST_LINES;
    }
  });
  await looker.run((changed, signal) => client.watch(changed, signal), stop);
}

/** `2026-11-30 19:02:11 UTC  anna: text`; of an error with a mark in front. */
function lineText({ at, severity, program, text }: LogLineView): string {
  const mark = severity !== undefined && severity <= 3 ? '! ' : '';
  return `${timeText(at)}  ${mark}${program === undefined ? '' : `${plain(program)}: `}${plain(text)}\n`;
}

const MOST_CHANGES = 500;
const DAY = 86_400_000;

export const activityCommand: Command = {
  name: 'activity',
  words: '[TEXT]',
  summary: 'what operators changed: who, from where, what; newest first',
  details:
    'TEXT narrows it down to what has it in who, where or what. --diff shows how files changed, without secrets.\n\n' +
    'examples:\n' +
    '  pilotlight activity --who anna --days 7\n' +
    '  pilotlight activity profiles/workers.json --diff',
  options: {
    '--who <NAME>': 'a user, with its API tokens; "admin token"',
    '--action <ACTION>': 'adopt, reinstall, save profile, ...',
    '--days <DAYS>': 'of the last days only',
    '--limit <COUNT>': `how many, 1 to ${MOST_CHANGES} (default: 50)`,
    '--diff': 'with the lines that changed',
    ...JSON_OPTION,
  },
  async run({ settings, words: [search], text, has, print }, { stderr }) {
    const days = text('days') === undefined ? undefined : numberOf('--days', text('days'), 3650);
    const query = omitUndefined({
      ...{ who: text('who'), action: text('action'), text: search },
      since: days === undefined ? undefined : Date.now() - days * DAY,
      limit: numberOf('--limit', text('limit') ?? '50', MOST_CHANGES),
    });
    const page = await withAdminClient(settings, (client) => client.activities(query));
    if (page.noJournal !== undefined) stderr.write(`${plain(page.noJournal)}\n`);
    return print(page, page.activities.length === 0 ? 'nothing\n' : listText(page.activities, has('diff')));
  },
};

function numberOf(option: string, text: string | undefined, most: number): number {
  const value = /^\d{1,4}$/.test(text ?? '') ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new Failure('invalid', `${option} must be a number from 1 to ${most}`);
}

function listText(all: readonly ActivityView[], diff: boolean): string {
  const row = ({ at, who, from, action, target, text }: ActivityView): readonly string[] =>
    [timeText(at), who, from ?? '', action, target ?? '', text].map(plain);
  const heading = ['WHEN', 'WHO', 'FROM', 'ACTION', 'WHAT', ''];
  if (!diff) return tableText([heading, ...all.map(row)]);
  return all
    .map((one) => {
      const lines = (one.diff ?? []).flatMap(({ file, lines: changed }) => [
        `    ${plain(file)}`,
        ...changed.map(({ sign, text }) => `    ${sign} ${plain(text)}`),
      ]);
      return [
        row(one)
          .filter((cell) => cell !== '')
          .join('  '),
        ...lines,
      ]
        .map((line) => `${line}\n`)
        .join('');
    })
    .join('');
}
