import { Failure } from '../../model/failure.ts';
import { parseName } from '../../model/name.ts';
import { keyOf, withAdminClient } from '../admin-call.ts';
import { type Command, EXIT } from '../command.ts';

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
    const link = await withAdminClient(settings, (adminClient) => adminClient.loginLink());
    if (invocation.has('json')) {
      context.stdout.write(`${JSON.stringify(link)}\n`);
      return EXIT.ok;
    }
    context.stdout.write(`${link.url}\n`);
    for (const other of link.elsewhere) context.stderr.write(`from another host: ${other}\n`);
    return EXIT.ok;
  },
};

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
    const done = await withAdminClient(invocation.settings, (adminClient) => adminClient.acceptState());
    const line = done.accepted ? 'accepted: machines may be installed again\n' : 'state/ was not lost: nothing to do\n';
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done)}\n` : line);
    return EXIT.ok;
  },
};

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
    const done = await withAdminClient(invocation.settings, (adminClient) => adminClient.releaseClaim(machine));
    const who = done.name === undefined ? done.key : `${done.name} (${done.key})`;
    const line = `${who} gets its installer when it asks next\n`;
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done)}\n` : line);
    return EXIT.ok;
  },
};

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
    const done = await withAdminClient(invocation.settings, (adminClient) =>
      cancel ? adminClient.cancelReinstall(machine) : adminClient.reinstall(machine),
    );
    const who = done.name === undefined ? done.key : `${done.name} (${done.key})`;
    const line = cancel
      ? `${who} is not installed anew: its disk stays as it is\n`
      : `${who} will be erased and installed when it boots from the network next\n`;
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done)}\n` : line);
    return EXIT.ok;
  },
};

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
    const done = await withAdminClient(invocation.settings, async (adminClient) => {
      const key = await keyOf(adminClient, machine);
      return { key, ...(await adminClient.adopt({ key, profile, name })) };
    });
    const line = `${done.key} is node ${done.name} of ${done.file}\n`;
    context.stdout.write(invocation.has('json') ? `${JSON.stringify(done)}\n` : line);
    return EXIT.ok;
  },
};
