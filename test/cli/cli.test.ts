import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';

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
