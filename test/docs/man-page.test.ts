import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { manPage } from '../../scripts/man-page.ts';
import { COMMANDS } from '../../src/cli/cli.ts';
import { SETTING_ROWS } from '../../src/settings/table.ts';
import { needs } from '../support/needs.ts';

const FILE = new URL('../../docs/pilotlight.1', import.meta.url).pathname;

it('docs/pilotlight.1 is what `npx tsx scripts/man-page.ts` makes of the commands and the settings', () => {
  expect(readFileSync(FILE, 'utf8')).toBe(manPage());
});

needs({ commands: ['mandoc'] }).test('mandoc has nothing to complain of', () => {
  const { stdout, stderr } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', FILE], { encoding: 'utf8' });
  expect(stdout + stderr).toBe('');
});

needs({ commands: ['man', 'col'] }).test('man shows every command, option and setting in 80 columns', () => {
  const env = { PATH: process.env['PATH'], MANWIDTH: '80', LC_ALL: 'C.UTF-8' };
  const { stdout, stderr } = spawnSync('man', ['--warnings=w', '-l', FILE], { env, encoding: 'utf8' });
  expect(stderr).toBe('');
  const text = execFileSync('col', ['-b'], { input: stdout, env, encoding: 'utf8' });
  for (const { name, options } of COMMANDS) {
    expect(text).toContain(`pilotlight ${name}`);
    for (const flags of Object.keys(options)) expect(text).toMatch(new RegExp(`^ +${flags}(?: |$)`, 'm'));
  }
  for (const { flag, env: variable } of SETTING_ROWS) {
    expect(text).toMatch(new RegExp(`^ +--${flag} <value>`, 'm'));
    expect(text).toContain(variable);
  }
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
