import type { AdminClient } from '../../admin/client/client.ts';
import type { LogLineView } from '../../model/machine-views.ts';
import { Failure } from '../../model/failure.ts';
import type { MachineKey } from '../../model/machine.ts';
import { keyOf, withAdminClient } from '../admin-call.ts';
import { type CliContext, type Command, EXIT } from '../command.ts';
import { timeText } from '../machine-text.ts';
import { plain } from '../text.ts';
import { createLooker } from './nodes.ts';

const MOST = 5000;

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
    '--lines <COUNT>': `how many, 1 to ${MOST} (default: 200)`,
    '--json': 'one JSON object; with --follow one line of the log a line',
  },
  async run({ settings, words: [machine = ''], text, has, print }, context) {
    const limit = countOf(text('lines') ?? '200');
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

function countOf(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST) return count;
  throw new Failure('invalid', `--lines must be a number from 1 to ${MOST}`);
}

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
      const page = await client.machineLog(key, { after: last, limit: MOST });
      if (page.lines.length > 0) stdout.write(page.lines.map(show).join(''));
      last = page.last;
      more = page.lines.length === MOST;
    }
  });
  await looker.run((changed, signal) => client.watch(changed, signal), stop);
}

/** `2026-11-30 19:02:11 UTC  anna: text`; of an error with a mark in front. */
function lineText({ at, severity, program, text }: LogLineView): string {
  const mark = severity !== undefined && severity <= 3 ? '! ' : '';
  return `${timeText(at)}  ${mark}${program === undefined ? '' : `${plain(program)}: `}${plain(text)}\n`;
}
