import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';
import { busy } from './busy.ts';

export const rollbackCommand: Command = {
  name: 'rollback',
  usage: 'PROFILE [VERSION]',
  summary: 'let a profile boot the release before, and keep it there until a newer one is published',
  details:
    'Without VERSION: the newest release on the shelf that is older than the one the profile names. The sync leaves the\n' +
    'profile alone until its publisher has something newer than what was rolled back. Exit status 75 when a sync is running.\n' +
    'Where a server runs on the data directory, it does it.',
  flags: [{ flag: 'json', type: 'boolean', help: 'one JSON object on standard output' }],
  words: { min: 1, max: 2 },
  async run(invocation, context) {
    const [name = '', version] = invocation.words;
    const { rollbackWherever } = await import('../../admin/client/wherever.ts');
    const done = await rollbackWherever(invocation.settings, name, version);
    if (done.kind === 'busy') return busy(context, done.message);
    const { profile, from, to, heldAbove } = done.value;
    const until = heldAbove === undefined ? '' : `, until something newer than ${heldAbove} is published`;
    const line = from === to ? `${profile} boots ${to} already` : `${profile}: ${from} -> ${to}`;
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done.value)}\n` : `${line}${until}\n`);
    return EXIT.ok;
  },
};
