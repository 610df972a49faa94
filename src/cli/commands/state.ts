import { Failure } from '../../model/failure.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';
import { withCounter } from '../admin-call.ts';

export const stateCommand: Command = {
  name: 'state',
  usage: 'accept',
  summary: 'after state/ was lost: go on with what is there',
  details:
    'Which machines are installed is kept in state/machines/. When it is lost, no machine is installed until you restore it\n' +
    'or say `pilotlight state accept`. From then on every machine whose profile says "install", and which state/machines/\n' +
    'does not name, is installed at its next boot from the network: everything on its disk is lost then.\n\n' +
    'examples:\n' +
    '  pilotlight state accept',
  flags: [{ flag: 'json', type: 'boolean', help: 'one JSON object on standard output' }],
  words: { min: 1, max: 1 },
  async run(invocation, context) {
    if (invocation.words[0] !== 'accept') throw new Failure('invalid', 'what is to be done? `pilotlight state accept`');
    const done = await withCounter(invocation.settings, (counter) => counter.acceptState());
    const line = done.accepted ? 'accepted: machines may be installed again\n' : 'state/ was not lost: nothing to do\n';
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done)}\n` : line);
    return EXIT.ok;
  },
};
