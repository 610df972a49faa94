import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const top = join(import.meta.dirname, '../..');
const lock = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Entry>>;
};
const entries = Object.entries(lock.packages);

/** Below these a request, a template or a profile can do harm that a later version forbids. */
const minimum: Readonly<Record<string, readonly [version: string, why: string]>> = {
  handlebars: ['4.7.9', 'CVE-2026-33938, -33939, -33941: templates run code'],
  'path-to-regexp': ['8.4.0', 'CVE-2026-4926, -4923: a path blocks the process'],
  ajv: ['8.18.0', 'CVE-2025-69873: a schema blocks the process'],
  openpgp: ['6.1.1', 'CVE-2025-47934: a signature counts for other bytes'],
  send: ['1.1.0', 'CVE-2024-43799: markup in a redirect'],
};

/** Every copy of a package that runs in the server, nested ones too. */
function copies(name: string): string[] {
  return entries
    .filter(([path, entry]) => path.endsWith(`node_modules/${name}`) && entry.dev !== true)
    .map(([, entry]) => entry.version ?? '');
}

function below(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  const at = [0, 1, 2].find((place) => a?.[place] !== b?.[place]);
  return at !== undefined && !((a?.[at] ?? Number.NaN) > (b?.[at] ?? 0));
}

test.each([
  ['4.7.8', '4.7.9', true],
  ['4.7.9', '4.7.9', false],
  ['4.7.10', '4.7.9', false],
  ['5.0.0', '4.7.9', false],
  ['3.9.9', '4.7.9', true],
  ['', '4.7.9', true],
])('%s below %s: %s', (version, least, expected) => {
  expect(below(version, least)).toBe(expected);
});

test.each(Object.entries(minimum))('%s is new enough', (name, [least, why]) => {
  const found = copies(name);
  expect(
    found.filter((version) => below(version, least)),
    why,
  ).toEqual([]);
});

test('the packages that the list is about are there (openpgp is not used)', () => {
  for (const name of Object.keys(minimum)) {
    expect(copies(name).length, name).toBeGreaterThanOrEqual(name === 'openpgp' ? 0 : 1);
  }
});

// npm leaves out of a new lock file what the registry did not have at that moment, and `npm ci` then refuses the
// file on every machine: a clean checkout could not be installed.
test('npm ci: whatever a package wants is in the lock file', () => {
  const missing = entries.flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !homes(path).some((home) => `${home}node_modules/${name}` in lock.packages))
      .map((name) => `${path || 'package.json'} wants ${name}`),
  );
  expect(missing).toEqual([]);
});

/** Where Node looks for what a package wants: in the package, then in each one above it. */
function homes(path: string): readonly string[] {
  if (path === '') return [''];
  const above = path.slice(0, path.lastIndexOf('node_modules/')).replace(/\/$/, '');
  return [`${path}/`, ...homes(above)];
}

test('qs parses no query: nothing of ours depends on it', () => {
  expect(lock.packages['']?.dependencies).not.toHaveProperty('qs');
});
