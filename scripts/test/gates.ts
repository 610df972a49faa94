import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One check of the whole tree that passes or fails as one. */
export interface Gate {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** A program of the system that npm does not install: without it the gate is left out. */
  readonly optional?: true;
}

// What was right does not change with other files, so it need not be looked at again.
const CACHED = ['--cache', '--cache-strategy', 'content', '--cache-location', '.cache/prettier'];
const LINT_CACHE = ['--cache', '--cache-strategy', 'content', '--cache-location', '.cache/eslint/'];

/** In the order of what says most about a mistake. */
export function gates(top: string): readonly Gate[] {
  const tool = (name: string): string => join(top, 'node_modules', '.bin', name);
  return [
    {
      name: 'types',
      command: tool('tsc'),
      args: ['--noEmit', '--incremental', '--tsBuildInfoFile', '.cache/types.tsbuildinfo'],
    },
    { name: 'lint', command: tool('eslint'), args: ['--max-warnings', '0', ...LINT_CACHE, '.'] },
    { name: 'format', command: tool('prettier'), args: ['--check', '--log-level', 'warn', ...CACHED, '.'] },
    { name: 'architecture', command: tool('depcruise'), args: ['--config', '.dependency-cruiser.cjs', 'src'] },
    { name: 'unused code', command: tool('knip'), args: [] },
    { name: 'shell scripts', command: 'shellcheck', args: shellScripts(top), optional: true },
    { name: 'build', command: process.execPath, args: [join(top, 'scripts', 'build.mjs')] },
  ];
}

/** Every shell script of the project, relative to its top. */
export function shellScripts(top: string): readonly string[] {
  const found = readdirSync(join(top, 'scripts'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.sh'))
    .map((path) => join('scripts', path));
  return [...found.sort(), join('.ci', 'run')];
}
