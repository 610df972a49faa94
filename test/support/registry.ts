import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Why packages cannot be fetched here: for `needs`. */
export function withoutRegistry(): readonly string[] {
  const ping = spawnSync('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=20000'], { encoding: 'utf8' });
  return ping.status === 0 ? [] : ['no npm registry'];
}

const COMPILERS = ['cc', 'c++', 'gcc', 'g++', 'clang', 'clang++', 'make', 'gmake', 'node-gyp', 'python', 'python3'];

/** A folder to put in front of PATH in which every compiler and its helpers only write down that they were called. */
export function compilersThatTell(folder: string): { readonly path: string; readonly log: string } {
  const path = join(folder, 'compilers');
  const log = join(folder, 'compiled');
  mkdirSync(path);
  writeFileSync(log, '');
  for (const name of COMPILERS) {
    writeFileSync(join(path, name), `#!/bin/sh\necho "${name} $*" >>'${log}'\nexit 1\n`);
    chmodSync(join(path, name), 0o755);
  }
  return { path, log };
}
