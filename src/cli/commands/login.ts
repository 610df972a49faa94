import type { Command } from '../command.ts';
import { EXIT } from '../context.ts';
import { withCounter } from '../admin-call.ts';

export const loginCommand: Command = {
  name: 'login',
  usage: '',
  summary: 'print a link that logs one browser in to the dashboard, once',
  details:
    'The link is good for one use within a quarter of an hour, and needs a running server. Where the server listens on\n' +
    'all addresses, standard error has the same link for browsers on other hosts.\n\n' +
    'examples:\n' +
    '  pilotlight login\n' +
    '  xdg-open "$(pilotlight login)"',
  flags: [{ flag: 'json', type: 'boolean', help: 'one JSON object on standard output' }],
  words: { min: 0, max: 0 },
  async run(invocation, context) {
    const { settings } = invocation;
    const link = await withCounter(settings, (counter) => counter.loginLink());
    if (invocation.has('json')) {
      context.stdout.write(`${JSON.stringify(link)}\n`);
      return EXIT.ok;
    }
    context.stdout.write(`${link.url}\n`);
    for (const other of link.elsewhere) context.stderr.write(`from another host: ${other}\n`);
    return EXIT.ok;
  },
};
