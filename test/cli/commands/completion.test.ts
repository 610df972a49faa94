import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../../support/folder.ts';
import { runCli } from '../../support/run-cli.ts';

async function script(shell: string): Promise<string> {
  const { code, stdout } = await runCli(['completion', shell]);
  expect(code).toBe(0);
  return stdout;
}

/** What bash offers when these words have been typed, the last one in part. */
async function offered(...typed: readonly string[]): Promise<readonly string[]> {
  const file = join(makeFolder(), 'completion.bash');
  writeFileSync(file, await script('bash'));
  const ask = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pilotlight; printf "%s\\n" "${COMPREPLY[@]}"';
  const answer = execFileSync('bash', ['-c', ask, file, 'pilotlight', ...typed], { encoding: 'utf8' });
  return answer.split('\n').filter((word) => word !== '');
}

it('completes commands, their choices, their options and the settings in bash', async () => {
  expect(await offered('re')).toEqual(['reinstall', 'release', 'render']);
  expect(await offered('render', '')).toEqual(expect.arrayContaining(['script', 'config', 'args', '--mac', '--dhcp']));
  expect(await offered('export', 'lib')).toEqual(['libvirt-network', 'libvirt-domain']);
  expect(await offered('check', '--st')).toEqual(['--strict']);
  expect(await offered('export', '--out')).toEqual(['--output']);
  expect(await offered('reinstall', '')).not.toContain('NODE|MAC');
  expect(await offered('nonsense', '')).toEqual([]);
});

it('gives zsh the same through its emulation of bash', async () => {
  expect(await script('zsh')).toMatch(/^autoload [^]*bashcompinit\n_pilotlight\(\) \{\n/);
});

it('gives fish a line for each command and option, quoted', async () => {
  const lines = (await script('fish')).split('\n');
  expect(lines).toContain(
    "complete -c pilotlight -n '__fish_seen_subcommand_from export' -l output -s o -r -d 'write it to this file, whole or not at all'",
  );
  expect(lines).toContain("complete -c pilotlight -n '__fish_seen_subcommand_from render' -f -a script");
  expect(lines.find((line) => line.includes('-l user '))).toContain("default: the image\\'s own user");
});

it('knows no other shell', async () => {
  expect(await runCli(['completion', 'csh'])).toMatchObject({
    code: 2,
    stderr: 'pilotlight completion: expected bash, zsh, fish\n',
  });
});
