import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFolder } from '../../support/folder.ts';
import { needs } from '../../support/needs.ts';
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
  expect(await offered('export', '--server')).toEqual(['--server', '--server6']);
  expect(await offered('reinstall', '')).not.toContain('NODE|MAC');
  expect(await offered('nonsense', '')).toEqual([]);
});

it('offers the values of an option where they are known, else leaves the word to files', async () => {
  expect(await offered('render', '--platform', '')).toEqual(['efi', 'pcbios']);
  expect(await offered('export', 'hosts', '-o', '')).toEqual([]);
  expect(await offered('check', '--data-dir', '')).toEqual([]);
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

const TYPED: readonly (readonly [keys: string, line: string])[] = [
  ['rein\t', 'reinstall'],
  ['render scr\t', 'render script'],
  ['render args --plat\tef\t', 'render args --platform efi'],
  ['check --stri\t', 'check --strict'],
  ['nodes --log-f\t', 'nodes --log-format'],
  ['export hosts -o addr\t', 'export hosts -o addresses.txt'],
];

/** How each is started without a person's own files, told to use the script and to show a command that it would run. */
const SHELLS = {
  bash: { start: 'bash --norc --noprofile -i', echo: "PS1='READ''Y '; pilotlight() { echo \"RAN<$*>\"; }" },
  zsh: { start: 'zsh -f -i', echo: "PS1='READ''Y '; pilotlight() { print \"RAN<$*>\" }" },
  fish: {
    start: 'fish -N -i',
    echo: 'function fish_prompt; echo "READ""Y "; end; function pilotlight; echo "RAN<$argv>"; end',
  },
} as const;

describe.each(Object.entries(SHELLS))('%s itself', (shell, { start, echo }) => {
  needs({ commands: [shell, 'script'] }).test('completes what is typed on its terminal', async () => {
    const dir = makeFolder({ 'addresses.txt': '', completion: await script(shell) });
    const terminal = spawn('script', ['-qec', start, '/dev/null'], {
      cwd: dir,
      env: { PATH: process.env['PATH'], HOME: dir, TERM: 'dumb', XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir },
    });
    onTestFinished(() => void terminal.kill('SIGKILL'));
    let shown = '';
    let look = (): void => undefined;
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      look();
    });
    /** The terminal has shown it; what came before is forgotten. */
    const until = async (pattern: RegExp): Promise<string> => {
      const found = await new Promise<RegExpExecArray>((resolve) => {
        look = () => {
          const match = pattern.exec(shown);
          if (match !== null) resolve(match);
        };
        look();
      });
      shown = shown.slice(found.index + found[0].length);
      return found[1] ?? '';
    };
    terminal.stdin.write(`${echo}; source ./completion\n`);
    await until(/READY /);
    for (const [keys, line] of TYPED) {
      terminal.stdin.write(`pilotlight ${keys}\n`);
      expect((await until(/RAN<([^>]*)>/)).trim()).toBe(line);
      await until(/READY /);
    }
    // It writes its history as it ends: the folder goes afterwards.
    const ended = once(terminal, 'close');
    terminal.stdin.end('exit\n');
    await ended;
  });
});
