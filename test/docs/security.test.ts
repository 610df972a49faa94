import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MAX_PROFILE_BYTES } from '../../src/model/profile.ts';
import { DEFAULT_LIMITS } from '../../src/http/listen.ts';
import { MACHINE_ROUTES } from '../../src/http/machine-routes.ts';
import { CODE_MINUTES } from '../../src/admin/auth/sessions.ts';
import { SETTING_ROWS } from '../../src/settings/table.ts';

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');

/** Routes that are not in the table of machine routes: discovery, and what is for operators. */
const ELSEWHERE = ['/discovery/', '/metrics'];

it('names no setting that is none', () => {
  const known = new Set(SETTING_ROWS.map(({ env }) => env));
  const named = [...page.matchAll(/PILOTLIGHT_[A-Z0-9_]+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

it('names no route that is none', () => {
  const known = [...MACHINE_ROUTES.map(([, path]) => path), ...ELSEWHERE];
  const named = [...page.matchAll(/`(?:POST )?(\/[a-z0-9-]+(?:\/(?:MAC)?)?)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((path) => !known.includes(path.replace(/MAC$/, '')))).toEqual([]);
});

it('has the limits of the code', () => {
  const { maxConnections, maxPipelined, headersTimeout, requestTimeout, stallTimeout } = DEFAULT_LIMITS;
  for (const words of [
    `| HTTP connections | ${maxConnections} at once; ${maxPipelined} requests in flight on each |`,
    `| ${[headersTimeout, requestTimeout, stallTimeout].map((ms) => `${ms / 1000} s`).join(', ')} |`,
    `| ${DEFAULT_LIMITS.maxHeaderSize / 1024} KiB, ${DEFAULT_LIMITS.maxUrl / 1024} KiB |`,
    `| a profile | ${MAX_PROFILE_BYTES / 2 ** 20} MiB |`,
    `| a login link | ${CODE_MINUTES} minutes, once |`,
  ]) {
    expect(page).toContain(words);
  }
});
