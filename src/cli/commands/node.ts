import { Failure } from '../../model/failure.ts';
import type { Command, Invocation } from '../command.ts';
import { EXIT } from '../context.ts';
import { keyOf, withCounter } from '../admin-call.ts';
import { paintFor } from '../machine-text.ts';
import { timelineText } from './timeline-text.ts';

const MOST = 20;

export const nodeCommand: Command = {
  name: 'node',
  usage: 'MAC|NAME',
  summary: 'one machine: what it asked for and was given, boot by boot, newest first',
  details:
    'Each line of a boot: when it began, how long it took, what it was, and why. A line that begins with ! went wrong.\n' +
    'The machine is named by its MAC in any spelling, by its node, or by uuid:... or serial:.... --json has what it was\n' +
    'sent and would be sent now, too.\n\n' +
    'examples:\n' +
    '  pilotlight node w1\n' +
    '  pilotlight node 52:54:00:55:1c:ee --boots 1\n' +
    "  pilotlight node w1 --json | jq -r '.texts[0].now'",
  flags: [
    {
      flag: 'boots',
      type: 'string',
      value: 'COUNT',
      help: `how many boots are shown, 1 to ${String(MOST)} (default: 3)`,
    },
    { flag: 'json', type: 'boolean', help: 'one JSON object on standard output' },
  ],
  words: { min: 1, max: 1 },
  async run(invocation, context) {
    const [machine = ''] = invocation.words;
    const boots = bootsOf(invocation);
    const view = await withCounter(invocation.settings, async (counter) =>
      counter.machine(await keyOf(counter, machine)),
    );
    const text = invocation.has('json')
      ? `${JSON.stringify(view)}\n`
      : timelineText(view, Date.now(), paintFor(context), boots);
    context.stdout.write(text);
    return EXIT.ok;
  },
};

function bootsOf(invocation: Invocation): number {
  const text = invocation.text('boots') ?? '3';
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MOST) throw new Failure('invalid', `--boots must be a number from 1 to ${String(MOST)}`);
  return count;
}
