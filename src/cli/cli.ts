import { parseArgs } from 'node:util';
import { Failure, failureLine } from '../model/failure.ts';
import { nearest } from '../model/name.ts';
import { readSettings } from '../settings/read-settings.ts';
import { version } from '../settings/settings.ts';
import { SETTING_FAMILIES, SETTING_ROWS, settingFlags } from '../settings/table.ts';
import { type CliContext, type Command, EXIT, type ExitCode, type Invocation } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { clustersCommand } from './commands/clusters.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { imagesCommand } from './commands/images.ts';
import { adoptCommand, loginCommand, reinstallCommand, releaseCommand, stateCommand } from './commands/machines.ts';
import { nodeCommand } from './commands/node.ts';
import { nodesCommand } from './commands/nodes.ts';
import { renderCommand } from './commands/render.ts';
import { rollbackCommand, syncCommand } from './commands/sync.ts';
import { serveCommand } from './commands/serve.ts';

const COMMANDS: readonly Command[] = [
  serveCommand,
  nodesCommand,
  nodeCommand,
  adoptCommand,
  reinstallCommand,
  releaseCommand,
  loginCommand,
  syncCommand,
  rollbackCommand,
  imagesCommand,
  checkCommand,
  renderCommand,
  exportCommand,
  clustersCommand,
  doctorCommand,
  stateCommand,
];

/** Runs one command line and says how it ended. A Failure is told to the person; a bug is thrown on. */
export async function run(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  const [word, ...rest] = argv;
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') {
    const named = COMMANDS.find((command) => command.name === rest[0]);
    context.stdout.write(named === undefined ? generalHelp(COMMANDS) : commandHelp(named));
    return word === undefined ? EXIT.usage : EXIT.ok;
  }
  if (word === '--version' || word === '-V') {
    context.stdout.write(`${version()}\n`);
    return EXIT.ok;
  }
  const command = COMMANDS.find((candidate) => candidate.name === word);
  if (command === undefined) {
    const near = nearest(
      word,
      COMMANDS.map((candidate) => candidate.name),
    );
    return misused(
      context,
      `there is no command "${word}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
      '',
    );
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    context.stdout.write(commandHelp(command));
    return EXIT.ok;
  }
  let invocation: Invocation;
  try {
    invocation = invocationOf(command, rest, context);
  } catch (error) {
    if (error instanceof Failure) return misused(context, failureLineKeepingList(error), command.name);
    throw error;
  }
  try {
    return await command.run(invocation, context);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    context.stderr.write(`pilotlight ${command.name}: ${failureLine(error)}\n`);
    return error.code === 'invalid' ? EXIT.usage : EXIT.failed;
  }
}

function invocationOf(command: Command, argv: readonly string[], context: CliContext): Invocation {
  const options: Record<string, OptionType> = {};
  for (const flag of settingFlags()) options[flag] = { type: 'string' };
  for (const { flag, short, type } of command.flags) {
    options[flag] = short === undefined ? { type } : { type, short };
  }
  const { values, positionals } = parse(argv, options);
  if (positionals.length < command.words.min || positionals.length > command.words.max) {
    throw new Failure('invalid', `expected ${command.usage === '' ? 'no words' : command.usage}`);
  }
  const flags: Record<string, string | undefined> = {};
  for (const flag of settingFlags()) {
    const value = values[flag];
    if (typeof value === 'string') flags[flag] = value;
  }
  const { settings, warnings } = readSettings({
    env: context.env,
    flags,
    cwd: context.cwd,
    terminal: context.stderr.isTTY === true,
  });
  return {
    settings,
    warnings,
    words: positionals,
    text(flag) {
      const value = values[flag];
      return typeof value === 'string' ? value : undefined;
    },
    has: (flag) => values[flag] === true,
  };
}

interface OptionType {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
}

function parse(argv: readonly string[], options: Readonly<Record<string, OptionType>>) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const unknown = /Unknown option '--([^']+)'/.exec(error.message)?.[1];
    if (unknown === undefined)
      throw new Failure('invalid', error.message.split('. ')[0] ?? error.message, { cause: error });
    const near = nearest(unknown, Object.keys(options));
    throw new Failure('invalid', `there is no option --${unknown}`, {
      cause: error,
      ...(near === undefined ? {} : { remedy: `did you mean --${near}?` }),
    });
  }
}

// A settings failure lists its problems one below the other; everything else is one line.
function failureLineKeepingList(failure: Failure): string {
  return failure.message.includes('\n') ? failure.message : failureLine(failure);
}

function misused(context: CliContext, message: string, command: string): ExitCode {
  const help = command === '' ? 'pilotlight --help' : `pilotlight ${command} --help`;
  context.stderr.write(`pilotlight: ${message}\nsee \`${help}\`\n`);
  return EXIT.usage;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

export function generalHelp(commands: readonly Command[]): string {
  return (
    'pilotlight: boots machines over the network from one folder of text files\n\n' +
    'usage: pilotlight COMMAND [options]\n\n' +
    columns(commands.map((command) => [command.name, command.summary])) +
    '\n`pilotlight COMMAND --help` tells more. `pilotlight --version` prints the version.\n' +
    'exit status: 0 done, 1 the work failed, 2 called wrongly, 75 another sync is running\n'
  );
}

export function commandHelp(command: Command): string {
  const usage = ['usage: pilotlight', command.name, command.usage, '[options]'].filter((part) => part !== '').join(' ');
  const own = command.flags.map((row) => {
    const flag = row.short === undefined ? `--${row.flag}` : `-${row.short}, --${row.flag}`;
    return [row.value === undefined ? flag : `${flag} ${row.value}`, row.help] as const;
  });
  const settings = SETTING_ROWS.map(
    (row) => [`--${row.flag}`, `${row.help} (${row.env}; default: ${row.fallback})`] as const,
  );
  const families = SETTING_FAMILIES.map(
    ({ name, value, help, fallback }) =>
      [
        `--${name}-SYSTEM ${value}`,
        `${help} (PILOTLIGHT_${name.toUpperCase()}_<SYSTEM>; default: ${fallback})`,
      ] as const,
  );
  return (
    `${command.summary}\n\n${usage}\n\n` +
    (command.details === '' ? '' : `${command.details}\n\n`) +
    (own.length === 0 ? '' : `options:\n${columns(own)}\n`) +
    `settings, each also an environment variable or a line in .env of the data directory:\n${columns([...settings, ...families])}`
  );
}
