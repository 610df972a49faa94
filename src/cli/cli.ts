import { parseArgs } from 'node:util';
import { Failure, failureLine } from '../model/failure.ts';
import { nearest } from '../model/nearest.ts';
import { readSettings } from '../settings/read-settings.ts';
import { settingFlags } from '../settings/families.ts';
import { version } from '../settings/version.ts';
import type { Command, Invocation } from './command.ts';
import { EXIT, type CliContext, type ExitCode } from './context.ts';
import { adoptCommand } from './commands/machines.ts';
import { checkCommand } from './commands/check.ts';
import { clustersCommand } from './commands/clusters.ts';
import { doctorCommand } from './commands/doctor.ts';
import { exportCommand } from './commands/export.ts';
import { imagesCommand } from './commands/images.ts';
import { loginCommand } from './commands/login.ts';
import { nodeCommand } from './commands/node.ts';
import { nodesCommand } from './commands/nodes.ts';
import { reinstallCommand } from './commands/reinstall.ts';
import { releaseCommand } from './commands/release.ts';
import { renderCommand } from './commands/render.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { serveCommand } from './commands/serve.ts';
import { stateCommand } from './commands/state.ts';
import { syncCommand } from './commands/sync.ts';
import { commandHelp, generalHelp } from './help.ts';

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
    options[flag] = { type, ...(short === undefined ? {} : { short }) };
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
