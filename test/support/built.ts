import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const top = join(import.meta.dirname, '..', '..');

/** The program as users run it. A start of it takes a tenth of one from the sources. */
export const MAIN = join(top, 'dist', 'main.js');

/** Vitest runs this once, before the first test of a run: no two tests build at the same time. */
export function setup(): void {
  execFileSync(process.execPath, [join(top, 'scripts', 'build.mjs'), '--if-needed'], { stdio: 'inherit' });
}
