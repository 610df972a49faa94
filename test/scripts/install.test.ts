import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };
const own = JSON.parse(readFileSync('package.json', 'utf8')) as {
  allowScripts: Record<string, boolean>;
  optionalDependencies: Record<string, string>;
};

/** Packages with an install script, and why none of them compiles at `npm ci`. */
const SCRIPTS: Record<string, { readonly allowed: boolean; readonly why: string }> = {
  '@photostructure/sqlite': { allowed: false, why: 'it looks for its binary, and would compile where there is none' },
  koffi: {
    allowed: false,
    why: 'it looks for its binary, which comes as a package, and would compile where there is none',
  },
  esbuild: { allowed: true, why: 'it only checks its own binary, which comes as a package' },
};

test('no install script compiles anything', () => {
  const scripts = Object.entries(lock.packages).flatMap(([path, { hasInstallScript }]) =>
    hasInstallScript === true ? [path.replace(/^.*node_modules\//, '')] : [],
  );
  for (const name of scripts) expect(Object.keys(SCRIPTS)).toContain(name);
  for (const [name, allowed] of Object.entries(own.allowScripts)) expect(SCRIPTS[name]?.allowed, name).toBe(allowed);
});

test('SQLite and koffi may be left out of an installation, with all that they bring', () => {
  expect(Object.keys(own.optionalDependencies)).toEqual(['@photostructure/sqlite', 'koffi']);
  const brought = Object.keys(lock.packages).flatMap((path) => /@koromix\/.*$/.exec(path) ?? []);
  expect(brought).toContain('@koromix/koffi-linux-x64');
  for (const name of ['@photostructure/sqlite', 'node-addon-api', 'node-gyp-build', 'koffi', ...brought]) {
    expect(lock.packages[`node_modules/${name}`], name).toMatchObject({ optional: true });
  }
});

test('npm too old for `allowScripts` runs its script, which finds a binary in the package and ends', () => {
  const folder = 'node_modules/@photostructure/sqlite';
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { scripts: { install?: string } };
  expect(manifest.scripts.install).toBe('node-gyp-build');
  for (const [host, libc] of [
    ['linux-x64', 'glibc'],
    ['linux-x64', 'musl'],
    ['linux-arm64', 'glibc'],
    ['linux-arm64', 'musl'],
    ['darwin-arm64', 'glibc'],
    ['win32-x64', 'glibc'],
  ]) {
    expect(existsSync(`${folder}/prebuilds/${host}/@photostructure+sqlite.${libc}.node`), `${host} ${libc}`).toBe(true);
  }
  // Nothing was compiled here.
  expect(existsSync(`${folder}/build`)).toBe(false);
});

test('a fresh machine that runs the tests gets no compiler', () => {
  const ci = readFileSync('.ci/run', 'utf8');
  expect(ci).not.toMatch(/build-essential|g\+\+|node-gyp|nodedir/);
});
