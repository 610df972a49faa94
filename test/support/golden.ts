import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const ROOT = fileURLToPath(new URL('../golden/', import.meta.url));

/**
 * Compares text with test/golden/PATH. `PILOTLIGHT_UPDATE_GOLDEN=1` writes the file instead, says so, and is an error
 * on CI: a golden changes because a person looked at the difference.
 */
export function expectGolden(path: string, text: string): void {
  const file = `${ROOT}${path}`;
  if (env['PILOTLIGHT_UPDATE_GOLDEN'] === '1') {
    if (env['CI'] !== undefined && env['CI'] !== '') throw new Error('goldens are never updated on CI');
    const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (before === text) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.warn(
      `GOLDEN ${before === undefined ? 'created' : 'CHANGED'}: test/golden/${path} - read it before you commit`,
    );
    return;
  }
  if (!existsSync(file)) {
    throw new Error(`test/golden/${path} is missing: run once with PILOTLIGHT_UPDATE_GOLDEN=1 and read what it writes`);
  }
  expect(text, `test/golden/${path}`).toBe(readFileSync(file, 'utf8'));
}
