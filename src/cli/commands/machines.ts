import type { AdminClient } from '../../admin/client/client.ts';
import { Failure, unlessFailed } from '../../model/failure.ts';
import { parseName } from '../../model/profile.ts';
import { keyOf, withAdminClient } from '../admin-call.ts';
import { type CliContext, type Command, type Invocation, JSON_OPTION } from '../command.ts';
import { reinstallNow } from './power.ts';

/** A command that is one question to the admin client, and its answer in a line. */
function oneCall<T>(
  about: Omit<Command, 'run'>,
  ask: (client: AdminClient, invocation: Invocation, context: CliContext) => Promise<T>,
  text: (done: T, invocation: Invocation) => string,
): Command {
  return {
    ...about,
    options: { ...about.options, ...JSON_OPTION },
    async run(invocation, context) {
      const done = await withAdminClient(invocation.settings, (client) => ask(client, invocation, context));
      return invocation.print(done, `${text(done, invocation)}\n`);
    },
  };
}

export const adoptCommand = oneCall(
  {
    name: 'adopt',
    words: '<MAC>',
    summary: 'write a machine into the nodes of a profile, also out of those of another one',
    details:
      'The file keeps its formatting. A machine that waits asks every few seconds and boots by itself. Without --name it is\n' +
      'called as it calls itself, else node- and the end of its MAC. The machine may also be named by its node (to change\n' +
      'its profile), by uuid:... or by serial:....\n\n' +
      'examples:\n' +
      '  pilotlight adopt 52:54:00:55:1c:ee --profile workers\n' +
      '  pilotlight adopt 52-54-00-55-1c-ee --profile workers --ip 10.0.0.7\n' +
      '  pilotlight adopt w1 --profile storage',
    options: {
      '--profile <P>': 'the profile that it shall boot',
      '--name <N>': 'what its node is called',
      '--ip <ADDRESS>': 'its address, for templates and exports',
    },
  },
  async (client, { words: [machine = ''], text }) => {
    const wanted = text('profile');
    if (wanted === undefined) throw new Failure('invalid', 'into which profile? add --profile P');
    const profile = parseName(wanted);
    if (profile === undefined) throw new Failure('invalid', '--profile must be the name of a profile');
    const key = await keyOf(client, machine);
    return { key, ...(await client.adopt({ key, profile, name: text('name'), ip: text('ip') })) };
  },
  ({ key, name, file }) => `${key} is node ${name} of ${file}`,
);

const reinstallLater = oneCall(
  {
    name: 'reinstall',
    words: '<NODE|MAC>',
    summary: 'let the installer of a machine run once more at its next boot',
    details:
      'A machine whose profile says "install" is installed once, and boots its own disk from then on. This lets it be\n' +
      'installed again when it boots from the network next: everything on that disk is lost then. Nothing reboots by this,\n' +
      'unless you say --now: then its next boot is set to the network, its power goes off and on ("power" of its node,\n' +
      'docs/power.md), and this command tells what it does until it has reported: exit status 0 only then.\n' +
      'Until then the machine counts as "will be erased at its next boot"; --cancel takes it back.\n\n' +
      'examples:\n' +
      '  pilotlight reinstall w1\n' +
      '  pilotlight reinstall 52:54:00:55:1c:ee\n' +
      '  pilotlight reinstall w1 --now\n' +
      '  pilotlight reinstall w1 --cancel',
    options: {
      '--now': 'at once: restart it by its power switch, and watch until it is installed',
      '--timeout <MINUTES>': 'with --now, how long to watch (default: 60)',
      '--cancel': 'not after all: its disk stays as it is',
    },
  },
  (client, { words: [machine = ''], has }) =>
    has('cancel') ? client.cancelReinstall(machine) : client.reinstall(machine),
  (done, { has }) =>
    has('cancel')
      ? `${nameOf(done)} is not installed anew: its disk stays as it is`
      : `${nameOf(done)} will be erased and installed when it boots from the network next`,
);

export const reinstallCommand: Command = {
  ...reinstallLater,
  run(invocation, context) {
    if (!invocation.has('now')) return reinstallLater.run(invocation, context);
    if (invocation.has('cancel')) throw new Failure('invalid', '--now and --cancel exclude each other');
    return reinstallNow(invocation, context);
  },
};

export const bootCommand = oneCall(
  {
    name: 'boot',
    words: '<NODE|MAC>',
    summary: 'let a machine boot another profile once: a rescue system, a memory test, an installer',
    details:
      'Its next boot from the network is that profile; the one after that is its own again. It is used up on the disk before\n' +
      'the script leaves, and shown everywhere until then; --cancel takes it back. A profile that installs erases its disk:\n' +
      'that is asked first, or said by --yes; it gets one try. The machine is named by its node, by its MAC, by uuid:... or\n' +
      'serial:....\n\n' +
      'examples:\n' +
      '  pilotlight boot w1 --once rescue\n' +
      '  pilotlight boot w1 --once talos --yes\n' +
      '  pilotlight boot w1 --cancel',
    options: {
      '--once <PROFILE>': 'what it boots next',
      '--yes': 'do not ask: the disk that the profile installs to may be erased',
      '--cancel': 'not after all',
    },
  },
  async (client, { words: [machine = ''], text, has }, { confirm }) => {
    const profile = text('once');
    if ((profile === undefined) === !has('cancel')) {
      throw new Failure('invalid', 'what is to be booted? add --once PROFILE, or --cancel');
    }
    if (profile === undefined) return await client.cancelBootOnce(machine);
    try {
      return await client.bootOnce(machine, profile, has('yes'));
    } catch (error) {
      const erases = has('yes') ? undefined : await erasedBy(client, machine, profile, error);
      if (erases === undefined) throw error;
      const told = `${profile} erases ${erases} of ${machine}, with everything on it`;
      if (confirm === undefined) throw new Failure('invalid', told, { remedy: 'if it may: add --yes' });
      if (!(await confirm(`${told}. Install it at its next boot?`))) {
        throw new Failure('refused', 'nothing was changed');
      }
      return await client.bootOnce(machine, profile, true);
    }
  },
  (done, { text }) =>
    text('once') === undefined
      ? `${nameOf(done)} boots its own profile next`
      : `${nameOf(done)} boots ${text('once') ?? ''} next, and its own profile after that`,
);

export const releaseCommand = oneCall(
  {
    name: 'release',
    words: '<NODE|MAC>',
    summary: 'let go of an installer that left for a machine and has not reported',
    details:
      'The first client that asks for the installer of a machine has it until it has begun; another address and another\n' +
      'network card wait. This lets it go, and the tries that were used up: the next one that asks is installed. Use it when\n' +
      'nothing is being installed there. An installed machine is not touched: see `pilotlight reinstall`.\n\n' +
      'examples:\n' +
      '  pilotlight release w1\n' +
      '  pilotlight release 52:54:00:55:1c:ee',
    options: {},
  },
  (client, { words: [machine = ''] }) => client.releaseClaim(machine),
  (done) => `${nameOf(done)} gets its installer when it asks next`,
);

export const stateCommand = oneCall(
  {
    name: 'state',
    words: '<accept>',
    summary: 'after state/ was lost: go on with what is there',
    details:
      'Which machines are installed is kept in state/machines/. When it is lost, no machine is installed until you restore it\n' +
      'or say `pilotlight state accept`. From then on every machine whose profile says "install", and which state/machines/\n' +
      'does not name, is installed at its next boot from the network: everything on its disk is lost then.\n\n' +
      'examples:\n' +
      '  pilotlight state accept',
    options: {},
  },
  async (client, { words: [word] }) => {
    if (word !== 'accept') throw new Failure('invalid', 'what is to be done? `pilotlight state accept`');
    return await client.acceptState();
  },
  ({ accepted }) => (accepted ? 'accepted: machines may be installed again' : 'state/ was not lost: nothing to do'),
);

export const loginCommand: Command = {
  name: 'login',
  words: '',
  summary: 'print a link that logs one browser in to the dashboard, once',
  details:
    'The link is good for one use within a quarter of an hour, and needs a running server. Where the server listens on\n' +
    'all addresses, standard error has the same link for browsers on other hosts.\n\n' +
    'examples:\n' +
    '  pilotlight login\n' +
    '  xdg-open "$(pilotlight login)"',
  options: JSON_OPTION,
  async run({ settings, has, print }, { stderr }) {
    const link = await withAdminClient(settings, (client) => client.loginLink());
    if (!has('json')) for (const other of link.elsewhere) stderr.write(`from another host: ${other}\n`);
    return print(link, `${link.url}\n`);
  },
};

/** The disk that was not said to be erased; undefined where that is not why it was refused. */
async function erasedBy(
  client: AdminClient,
  machine: string,
  profile: string,
  error: unknown,
): Promise<string | undefined> {
  if (!(error instanceof Failure) || error.code !== 'conflict') return undefined;
  const view = await unlessFailed(
    keyOf(client, machine).then((key) => client.machine(key)),
    'not-found',
  );
  return view?.once?.find(({ name }) => name === profile)?.erases;
}

function nameOf({ key, name }: { readonly key: string; readonly name?: string }): string {
  return name === undefined ? key : `${name} (${key})`;
}
