import { execFile } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { MAIN } from '../support/built.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';

const PILOTLIGHT = `"${process.execPath}" "${MAIN}"`;

/** More than a pipe holds (64 KiB): whoever writes on after the reader left is told by the system. */
const nodes = Array.from({ length: 2000 }, (_, i) => ({
  name: `worker-${i}`,
  mac: `52:54:00:00:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`,
  ip: `10.0.${i >> 8}.${i & 255}`,
}));
const FILES = { 'profiles/a.json': { system: 'custom', kernel: 'k', nodes }, 'images/k': 'kernel' };

interface Shown {
  readonly stdout: string;
  readonly stderr: string;
}

async function shell(dir: string, line: string): Promise<Shown> {
  const env = { PATH: process.env['PATH'], HOME: dir, TERM: 'vt220' };
  return await new Promise((resolve) => {
    execFile('bash', ['-c', line], { cwd: dir, env, maxBuffer: 2 ** 24 }, (_, stdout, stderr) => {
      resolve({ stdout, stderr });
    });
  });
}

describe('a reader that leaves ends the work quietly', () => {
  test.each([
    ['nodes', 'head -1'],
    ['nodes --json', 'head -c 10'],
    ['nodes --watch', 'head -3'],
    ['check', 'head -1'],
    ['export hosts', 'true'],
    ['export dnsmasq --server 10.0.0.1 --network 10.0.0.1/16', 'head -1'],
    ['render script --mac 52:54:00:00:00:01', 'true'],
    ['images', 'true'],
    ['settings', 'head -1'],
    ['--help', 'true'],
  ])(
    'pilotlight %s | %s',
    async (command, reader) => {
      const dir = makeFolder(FILES);
      const { stdout, stderr } = await shell(dir, `${PILOTLIGHT} ${command} | ${reader}; echo "=\${PIPESTATUS[*]}"`);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/=0 0\n$/);
    },
    120_000,
  );
});

describe('on a terminal', () => {
  const fitting = [
    [0, 80],
    [80, 80],
    [132, 132],
  ] as const;
  for (const [columns, widest] of fitting) {
    needs({ commands: ['script', 'stty'] }).test(`of ${columns} columns no line is longer than ${widest}`, async () => {
      const dir = makeFolder(FILES);
      const inside = ['nodes worker-19', 'check --help'].map((command) => `${PILOTLIGHT} ${command}`);
      const file = `stty cols ${columns} rows 0\n${inside.join('\n')}\n`;
      const { stdout } = await shell(
        makeFolder({ typed: file }),
        `cd '${dir}'; script -qec "bash '$OLDPWD/typed'" /dev/null`,
      );
      const lines = stripVTControlCharacters(stdout).split(/\r?\n/);
      expect(lines).toContain('Usage: pilotlight check [options]');
      expect(lines.find((line) => line.includes('worker-199'))).toContain('52:54:00:00:00:c7');
      expect(lines.filter((line) => line.length > widest)).toEqual([]);
    });
  }
});
