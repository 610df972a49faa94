import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';
import { withCounter } from '../admin-call.ts';

export const releaseCommand: Command = {
  name: 'release',
  usage: 'NODE|MAC',
  summary: 'let go of an installer that left for a machine and has not reported',
  details:
    'Whoever asks first for the installer of a machine has it until it has begun; another address and another network card\n' +
    'wait. This lets it go, and the tries that were used up: the next one that asks is installed. Use it when nothing is\n' +
    'being installed there. An installed machine is not touched: see `pilotlight reinstall`.\n\n' +
    'examples:\n' +
    '  pilotlight release w1\n' +
    '  pilotlight release 52:54:00:55:1c:ee',
  flags: [{ flag: 'json', type: 'boolean', help: 'one JSON object on standard output' }],
  words: { min: 1, max: 1 },
  async run(invocation, context) {
    const [machine = ''] = invocation.words;
    const done = await withCounter(invocation.settings, (counter) => counter.releaseClaim(machine));
    const who = done.name === undefined ? done.key : `${done.name} (${done.key})`;
    const line = `${who} gets its installer when it asks next\n`;
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done)}\n` : line);
    return EXIT.ok;
  },
};
