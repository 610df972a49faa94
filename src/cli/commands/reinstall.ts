import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';
import { withCounter } from '../admin-call.ts';

export const reinstallCommand: Command = {
  name: 'reinstall',
  usage: 'NODE|MAC [--cancel]',
  summary: 'let the installer of a machine run once more at its next boot',
  details:
    'A machine whose profile says "install" is installed once, and boots its own disk from then on. This lets it be\n' +
    'installed again when it boots from the network next: everything on that disk is lost then. Nothing reboots by this.\n' +
    'Until then the machine counts as "will be erased at its next boot"; --cancel takes it back.\n\n' +
    'examples:\n' +
    '  pilotlight reinstall w1\n' +
    '  pilotlight reinstall 52:54:00:55:1c:ee\n' +
    '  pilotlight reinstall w1 --cancel',
  flags: [
    { flag: 'cancel', type: 'boolean', help: 'not after all: its disk stays as it is' },
    { flag: 'json', type: 'boolean', help: 'one JSON object on standard output' },
  ],
  words: { min: 1, max: 1 },
  async run(invocation, context) {
    const [machine = ''] = invocation.words;
    const cancel = invocation.has('cancel');
    const done = await withCounter(invocation.settings, (counter) =>
      cancel ? counter.cancelReinstall(machine) : counter.reinstall(machine),
    );
    const who = done.name === undefined ? done.key : `${done.name} (${done.key})`;
    const line = cancel
      ? `${who} is not installed anew: its disk stays as it is\n`
      : `${who} will be erased and installed when it boots from the network next\n`;
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done)}\n` : line);
    return EXIT.ok;
  },
};
