import { describe, expect, it } from 'vitest';
import { commandHelp, generalHelp } from '../../src/cli/cli.ts';
import type { Command } from '../../src/cli/command.ts';
import { SETTING_ROWS } from '../../src/settings/table.ts';
import { runCli } from '../support/run-cli.ts';

const bark: Command = {
  name: 'bark',
  usage: 'AT',
  summary: 'make a noise',
  details: 'Loud.',
  flags: [
    { flag: 'times', type: 'string', value: 'N', help: 'how often' },
    { flag: 'twice', type: 'boolean', help: 'again' },
  ],
  words: { min: 0, max: 1 },
  run: () => Promise.reject(new TypeError('nobody runs it')),
};

it('lists the commands and the exit statuses', () => {
  const text = generalHelp([bark, { ...bark, name: 'b' }]);
  expect(text).toContain('\n  bark  make a noise\n  b     make a noise\n');
  expect(text).toContain('exit status: 0 done, 1 the work failed, 2 called wrongly');
});

it('tells a command’s own flags, and every setting with its variable and default', () => {
  const text = commandHelp(bark);
  expect(text).toMatch(
    /^make a noise\n\nusage: pilotlight bark AT \[options\]\n\nLoud\.\n\noptions:\n {2}--times N {2}how often\n {2}--twice {4}again\n/,
  );
  for (const row of SETTING_ROWS) expect(text).toMatch(new RegExp(`--${row.flag} .*\\(${row.env}; default: `));
  expect(text).toContain('PILOTLIGHT_MIRROR_<SYSTEM>');
});

it('tells the letter that means the same as a flag', () => {
  const flags = [{ flag: 'output', short: 'o', type: 'string', value: 'FILE', help: 'where to' }] as const;
  expect(commandHelp({ ...bark, flags })).toContain('\n  -o, --output FILE  where to\n');
});

it('has no heading for flags that are not there', () => {
  expect(commandHelp({ ...bark, flags: [], details: '' })).not.toMatch(/^options:$/m);
});

describe('pilotlight', () => {
  it('tells its commands, and that none was called', async () => {
    const { code, stdout } = await runCli([]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/usage: pilotlight COMMAND/);
    for (const command of ['serve', 'check', 'render']) expect(stdout).toContain(`  ${command}`);
    expect((await runCli(['--help'])).code).toBe(0);
  });

  it.each(['serve', 'check', 'render'])(
    '%s --help names every setting with its variable and default',
    async (command) => {
      const { code, stdout } = await runCli([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain('--data-dir');
      expect(stdout).toContain('PILOTLIGHT_HTTP_LISTEN; default: 0.0.0.0:4777');
      expect((await runCli(['help', command])).stdout).toBe(stdout);
    },
  );

  it('prints its version', async () => {
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['chek'], 'there is no command "chek"; did you mean "check"?'],
    [['check', '--jsn'], 'there is no option --jsn (did you mean --json?)'],
    [['check', 'extra'], 'expected no words'],
    [['check', '--data-dir'], 'argument missing'],
    [['render'], 'expected script|config|args'],
    [['check', '--log-level', 'loud'], '--log-level: must be one of debug, info, warn, error; it is "loud"'],
  ])('%j is called wrongly', async (argv, message) => {
    const { code, stderr } = await runCli(argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('--help');
  });
});
