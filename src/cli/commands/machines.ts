import { Failure } from '../../model/failure.ts';
import { parseName } from '../../model/name.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';
import { keyOf, withCounter } from '../admin-call.ts';

export const adoptCommand: Command = {
  name: 'adopt',
  usage: 'MAC --profile P',
  summary: 'write a machine into the nodes of a profile, also out of those of another one',
  details:
    'The file keeps its formatting. A machine that waits asks every few seconds and boots by itself. Without --name it is\n' +
    'called as it calls itself, else node- and the end of its MAC. The machine may also be named by its node (to change\n' +
    'its profile), by uuid:... or by serial:....\n\n' +
    'examples:\n' +
    '  pilotlight adopt 52:54:00:55:1c:ee --profile workers\n' +
    '  pilotlight adopt 52-54-00-55-1c-ee --profile workers --name w1\n' +
    '  pilotlight adopt w1 --profile storage',
  flags: [
    { flag: 'profile', type: 'string', value: 'P', help: 'the profile that it shall boot' },
    { flag: 'name', type: 'string', value: 'N', help: 'what its node is called' },
    { flag: 'json', type: 'boolean', help: 'one JSON object on standard output' },
  ],
  words: { min: 1, max: 1 },
  async run(invocation, context) {
    const [machine = ''] = invocation.words;
    const wanted = invocation.text('profile');
    if (wanted === undefined) throw new Failure('invalid', 'into which profile? add --profile P');
    const profile = parseName(wanted);
    if (profile === undefined) throw new Failure('invalid', '--profile must be the name of a profile');
    const name = invocation.text('name');
    const done = await withCounter(invocation.settings, async (counter) => {
      const key = await keyOf(counter, machine);
      return { key, ...(await counter.adopt({ key, profile, ...(name === undefined ? {} : { name }) })) };
    });
    const line = `${done.key} is node ${done.name} of ${done.file}\n`;
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done)}\n` : line);
    return EXIT.ok;
  },
};
