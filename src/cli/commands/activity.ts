import { Failure } from '../../model/failure.ts';
import { omitUndefined } from '../../model/machine.ts';
import type { ActivityView } from '../../model/operator-views.ts';
import { withAdminClient } from '../admin-call.ts';
import { type Command, JSON_OPTION } from '../command.ts';
import { timeText } from '../machine-text.ts';
import { plain, tableText } from '../text.ts';

const MOST = 500;
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
    '--limit <COUNT>': `how many, 1 to ${MOST} (default: 50)`,
    '--diff': 'with the lines that changed',
    ...JSON_OPTION,
  },
  async run({ settings, words: [search], text, has, print }, { stderr }) {
    const days = text('days') === undefined ? undefined : numberOf('--days', text('days'), 3650);
    const query = omitUndefined({
      ...{ who: text('who'), action: text('action'), text: search },
      since: days === undefined ? undefined : Date.now() - days * DAY,
      limit: numberOf('--limit', text('limit') ?? '50', MOST),
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
