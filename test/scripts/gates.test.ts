import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gates, shellScripts } from '../../scripts/test/gates.ts';

const top = join(import.meta.dirname, '..', '..');

test('types come first, the build last, and every tool of npm is installed', () => {
  const all = gates(top);
  expect(all.map(({ name }) => name)).toEqual([
    'types',
    'lint',
    'format',
    'architecture',
    'unused code',
    'shell scripts',
    'build',
  ]);
  for (const { command, optional } of all) expect(optional === true || existsSync(command)).toBe(true);
});

test('every shell script is checked', () => {
  const scripts = shellScripts(top);
  expect(scripts).toContain(join('scripts', 'lab', 'bootvm.sh'));
  for (const script of scripts) expect(existsSync(join(top, script))).toBe(true);
});
