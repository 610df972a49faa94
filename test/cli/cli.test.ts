import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/cli.ts';
import { SETTING_ROWS } from '../../src/settings/table.ts';
import { MAIN } from '../support/built.ts';
import { makeFolder } from '../support/folder.ts';
import { runCli } from '../support/run-cli.ts';

const top = join(import.meta.dirname, '../..');

describe('help', () => {
  it('lists the commands and the exit statuses, also where none was called', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: pilotlight \[options\] \[command\]\n/);
    for (const command of ['serve', 'check', 'render']) expect(stdout).toMatch(new RegExp(`^  ${command} +\\w`, 'm'));
    expect(stdout).toContain('exit status: 0 done, 1 the work failed, 2 called wrongly, 75 another sync is running\n');
    expect(await runCli([])).toMatchObject({ code: 2, stdout });
  });

  it.each(COMMANDS.map(({ name }) => [name]))(
    '%s --help has its own options, the settings by reference, and fits 80 columns',
    async (command) => {
      const { code, stdout } = await runCli([command, '--jsno', '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^ {2}-h, --help/m);
      expect(stdout).toContain('see `pilotlight settings`');
      for (const { flag } of SETTING_ROWS) if (flag !== 'data-dir') expect(stdout).not.toContain(`--${flag} `);
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect((await runCli(['help', command])).stdout).toBe(stdout);
    },
  );

  it('settings has every setting with its variable and default, also where one is wrong', async () => {
    const { code, stdout } = await runCli(['settings', '--log-level', 'loud']);
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const text = stdout.replaceAll(/\n +/g, ' ');
    for (const { flag, env, help, fallback } of SETTING_ROWS) {
      expect(text).toContain(`--${flag} <value> ${help} ${env}`);
      expect(text).toContain(`default: ${fallback}\n`);
    }
    expect(text).toContain('--mirror-SYSTEM <URL>');
    expect(text).toContain('PILOTLIGHT_MIRROR_<SYSTEM>');
    const { settings } = JSON.parse((await runCli(['settings', '--json'])).stdout) as { settings: object[] };
    expect(settings[0]).toMatchObject({ option: '--data-dir <value>', oldVariable: 'COREOS_IPXE_SERVER_DATA_DIR' });
  });

  it('has the words, the details and the letters that mean the same', async () => {
    const { stdout } = await runCli(['export', '--help']);
    expect(stdout).toMatch(/^Usage: pilotlight export \[options\] <WHAT> \[NODE\]\n\nprint the/);
    expect(stdout).toContain('`virsh net-define`');
    expect(stdout).toMatch(/^ {2}-o, --output <FILE> +write it to this file/m);
  });
});

it('prints its version', async () => {
  expect(await runCli(['--version'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
  });
});

it.each([
  [['chek'], 'there is no command "chek"; did you mean "check"?'],
  [['chek', '--help'], 'there is no command "chek"; did you mean "check"?'],
  [['--', 'chek'], 'there is no command "chek"; did you mean "check"?'],
  [['--'], 'expected a command'],
  [['help', 'chek'], 'there is no command "chek"; did you mean "check"?'],
  [['check', '--jsn'], 'there is no option --jsn (did you mean --json?)'],
  [['check', '-x'], 'there is no option -x\n'],
  [['check', 'extra'], 'expected no words'],
  [['check', '--data-dir'], 'argument missing'],
  [['check', '--json=yes'], '--json takes no value'],
  [['check', '--jsn=yes'], 'there is no option --jsn=yes'],
  [['nodes', '--profile', '--json'], '--profile cannot be "--json"'],
  [['render', 'script', '--serial', '-x'], '(a value that begins with "-" is written --serial=-x)'],
  [['export', 'dnsmasq', '-o', '-h'], '--output cannot be "-h"'],
  [['render'], 'expected script|config|args'],
  [['check', '--log-level', 'loud'], '--log-level: must be one of debug, info, warn, error; it is "loud"'],
])('%j is called wrongly', async (argv, message) => {
  const { code, stdout, stderr } = await runCli(argv);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/^pilotlight: [^]*\nsee `pilotlight .*(?:--help|settings)`\n$/);
});

it('takes a value that begins with "-" where it stands behind "="', async () => {
  const { code, stdout } = await runCli(['render', 'script', '--serial=-x', '--data-dir', makeFolder()]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('echo Serial: -x\n')]);
});

it('loads what a command needs when it runs: help and the version wait for no server', () => {
  const rooms = new Set([...staticImports('src/main.ts')].map((file) => dirname(relative(join(top, 'src'), file))));
  expect([...rooms].toSorted()).toEqual(['.', 'cli', 'cli/commands', 'exports', 'model', 'settings']);
});

/** Every file of ours that is loaded with this one. */
function staticImports(entry: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, target = ''] of text.matchAll(/^(?:import (?!type )[^;]*?from |import )'(\.[^']+)';$/gm)) {
      const path = join(dirname(file), target);
      if (existsSync(path)) visit(path);
    }
  };
  visit(join(top, entry));
  return seen;
}

it('ends quietly when its reader leaves: pilotlight ... | head', async () => {
  const child = spawn(process.execPath, [MAIN, 'check', '--data-dir', makeFolder()], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, stderr]).toEqual([0, '']);
});
