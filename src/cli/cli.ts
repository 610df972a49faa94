import { CommanderError, Option, Command as Parser } from 'commander';
import { Failure, failureLine } from '../model/failure.ts';
import { nearest } from '../model/text.ts';
import { readSettings } from '../settings/read-settings.ts';
import { version } from '../settings/settings.ts';
import { settingFlags } from '../settings/table.ts';
import { type CliContext, type Command, EXIT, type ExitCode, type Invocation, shortWords } from './command.ts';
import { activityCommand, logsCommand } from './commands/logs.ts';
import { checkCommand, doctorCommand } from './commands/check.ts';
import { clustersCommand } from './commands/clusters.ts';
import { completionCommand } from './commands/completion.ts';
import { exportCommand } from './commands/export.ts';
import { firmwareCommand } from './commands/firmware.ts';
import { imagesCommand } from './commands/images.ts';
import { importCommand } from './commands/import.ts';
import { initCommand } from './commands/init.ts';
import {
  adoptCommand,
  bootCommand,
  loginCommand,
  reinstallCommand,
  releaseCommand,
  stateCommand,
} from './commands/machines.ts';
import { nodeCommand } from './commands/node.ts';
import { leasesCommand, nodesCommand } from './commands/nodes.ts';
import { powerCommand } from './commands/power.ts';
import { renderCommand } from './commands/render.ts';
import { serveCommand } from './commands/serve.ts';
import { settingsCommand } from './commands/settings.ts';
import { rolloutCommand, rolloutsCommand } from './commands/rollouts.ts';
import { rollbackCommand, syncCommand } from './commands/sync.ts';
import { userCommand } from './commands/user.ts';
import { flowing, widthOf } from './text.ts';

/** In the order of `--help`. */
export const COMMANDS: readonly Command[] = [
  initCommand,
  importCommand,
  serveCommand,
  nodesCommand,
  nodeCommand,
  logsCommand,
  adoptCommand,
  reinstallCommand,
  bootCommand,
  releaseCommand,
  powerCommand,
  leasesCommand,
  loginCommand,
  userCommand,
  activityCommand,
  syncCommand,
  rollbackCommand,
  rolloutsCommand,
  rolloutCommand,
  imagesCommand,
  firmwareCommand,
  checkCommand,
  renderCommand,
  exportCommand,
  clustersCommand,
  doctorCommand,
  stateCommand,
  settingsCommand,
  completionCommand(() => COMMANDS),
];

/** Runs one command line and says how it ended. A Failure is told to the person; a bug is thrown on. */
export async function run(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = parserFor(context, async (command, parser) => {
    code = await perform(command, parser, argv, context);
  });
  if (argv.length === 0) {
    program.outputHelp();
    return EXIT.usage;
  }
  const [word = ''] = argv;
  // Commander would print the help of the program for `nope --help` and call that well done.
  const named = word === 'help' ? argv[1] : word;
  if (named !== undefined && !/^-|^help$/.test(named) && !COMMANDS.some(({ name }) => name === named)) {
    return misused(context, noCommand(named), undefined);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    const command = COMMANDS.find(({ name }) => name === word);
    return misused(context, mistake(error, command, argv), command);
  }
}

function parserFor(context: CliContext, act: (command: Command, parser: Parser) => Promise<void>): Parser {
  const program = new Parser('pilotlight')
    .description('boots machines over the network from one folder of text files')
    .version(version())
    .exitOverride()
    .configureHelp({ subcommandTerm: (parser) => parser.name() })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: () => undefined,
      getOutHelpWidth: () => widthOf(context.stdout) ?? 80,
    })
    .addHelpText('after', '\nexit status: 0 done, 1 the work failed, 2 called wrongly, 75 another sync is running');
  for (const command of COMMANDS) {
    const parser = program
      .command(command.name)
      .summary(command.summary)
      .description(`${command.summary}${command.details === '' ? '' : `\n\n${flowing(command.details)}`}`)
      .addHelpText('after', SETTINGS_REFERENCE)
      .action(async () => {
        await act(command, parser);
      });
    if (command.words !== '') parser.arguments(command.words);
    parser.usage(`[options] ${shortWords(command.words)}`.trimEnd());
    for (const [flags, help] of Object.entries(command.options)) parser.option(flags, help);
    for (const flag of settingFlags()) parser.addOption(new Option(`--${flag} <value>`).hideHelp());
  }
  return program;
}

/** All of them would bury a command's own options. */
const SETTINGS_REFERENCE =
  '\nsettings: --data-dir <DIR> and all other settings are options, too, as well as\n' +
  'variables and lines in .env of the data directory: see `pilotlight settings`';

async function perform(
  command: Command,
  parser: Parser,
  argv: readonly string[],
  context: CliContext,
): Promise<ExitCode> {
  let invocation: Invocation;
  try {
    refuseForgottenValues(parser, argv);
    invocation = invocationOf(command, parser, context);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // A settings failure lists its problems one below the other; everything else is one line.
    if (!error.message.includes('\n')) return misused(context, failureLine(error), command);
    context.stderr.write(`pilotlight: ${error.message}\n${error.remedy ?? ''}\n`);
    return EXIT.usage;
  }
  try {
    return await command.run(invocation, context);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    context.stderr.write(`pilotlight ${command.name}: ${failureLine(error)}\n`);
    return error.code === 'invalid' ? EXIT.usage : EXIT.failed;
  }
}

/** A forgotten value would otherwise be the next option: `-o --json` would write a file of that name. */
function refuseForgottenValues(parser: Parser, argv: readonly string[]): void {
  for (const option of parser.options) {
    const value: unknown = parser.getOptionValue(option.attributeName());
    if (typeof value !== 'string' || !/^-./.test(value)) continue;
    const apart = argv.some((arg, at) => (arg === option.long || arg === option.short) && argv[at + 1] === value);
    if (!apart) continue;
    const remedy = `a value that begins with "-" is written ${option.long}=${value}`;
    throw new Failure('invalid', `${option.long} cannot be ${JSON.stringify(value)}`, { remedy });
  }
}

function invocationOf(command: Command, parser: Parser, { env, cwd, stdout, stderr }: CliContext): Invocation {
  const values = new Map<string, unknown>(
    parser.options.map((option) => [option.long?.slice(2) ?? '', parser.getOptionValue(option.attributeName())]),
  );
  const text = (flag: string): string | undefined => {
    const value = values.get(flag);
    return typeof value === 'string' ? value : undefined;
  };
  const has = (flag: string): boolean => values.get(flag) === true;
  const flags = Object.fromEntries(settingFlags().map((flag) => [flag, text(flag)]));
  const given = { env, flags, cwd, terminal: stderr.isTTY === true };
  const settings = readSettings(
    command.anySettings === true ? { ...given, env: {}, flags: {}, cwd: '/dev/null' } : given,
  );
  const print = (value: unknown, forPeople: string): ExitCode => {
    stdout.write(has('json') ? `${JSON.stringify(value)}\n` : forPeople);
    return EXIT.ok;
  };
  return { settings, words: parser.args, text, has, print };
}

/** In our words what commander complains of. */
function mistake({ code, message }: CommanderError, command: Command | undefined, argv: readonly string[]): string {
  switch (code) {
    case 'commander.unknownCommand':
      return noCommand(argv.find((arg) => arg !== '--') ?? '');
    case 'commander.help':
      return 'expected a command';
    case 'commander.missingArgument':
    case 'commander.excessArguments':
      return `expected ${command === undefined || command.words === '' ? 'no words' : command.words.replaceAll(/[<>]/g, '')}`;
    default: {
      const [, flag] = /^error: unknown option '(.+?)=/.exec(message) ?? [];
      if (flag !== undefined && Object.keys(command?.options ?? {}).includes(flag)) return `${flag} takes no value`;
      return message
        .replace(/^error: /, '')
        .replace(/^unknown option '(.+)'/, 'there is no option $1')
        .replace('\n(Did', ' (did');
    }
  }
}

function noCommand(word: string): string {
  const near = nearest(
    word,
    COMMANDS.map(({ name }) => name),
  );
  return `there is no command "${word}"${near === undefined ? '' : `; did you mean "${near}"?`}`;
}

function misused(context: CliContext, message: string, command: Command | undefined): ExitCode {
  const help = command === undefined ? 'pilotlight --help' : `pilotlight ${command.name} --help`;
  context.stderr.write(`pilotlight: ${message}\nsee \`${help}\`\n`);
  return EXIT.usage;
}
