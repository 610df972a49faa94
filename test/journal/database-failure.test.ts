import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DatabaseFailure, databaseFailure, driverFailure } from '../../src/journal/database-failure.ts';

function coded(code: unknown, message = 'x'): Error {
  return Object.assign(new Error(message), { code });
}

/** As the driver throws it; the code may be an extended one. */
function sqlite(errcode: number): Error {
  return Object.assign(coded('ERR_SQLITE_ERROR'), { errcode });
}

test.each([
  ['SQLITE_CORRUPT', sqlite(11), 'damaged'],
  ['SQLITE_CORRUPT', sqlite(267), 'damaged'],
  ['SQLITE_NOTADB', sqlite(26), 'damaged'],
  ['SQLITE_BUSY', sqlite(5), 'busy'],
  ['SQLITE_BUSY', sqlite(517), 'busy'],
  ['SQLITE_LOCKED', sqlite(6), 'busy'],
  ['SQLITE_FULL', sqlite(13), 'unusable'],
  ['ENOSPC', coded('ENOSPC'), 'unusable'],
  ['EDQUOT', coded('EDQUOT'), 'unusable'],
  ['SQLITE_READONLY', sqlite(8), 'unusable'],
  ['SQLITE_READONLY', sqlite(1032), 'unusable'],
  ['SQLITE_PERM', sqlite(3), 'unusable'],
  ['SQLITE_AUTH', sqlite(23), 'unusable'],
  ['EACCES', coded('EACCES'), 'unusable'],
  ['EROFS', coded('EROFS'), 'unusable'],
  ['SQLITE_IOERR', sqlite(778), 'unusable'],
  ['SQLITE_CANTOPEN', sqlite(14), 'unusable'],
  ['SQLITE_NOMEM', sqlite(7), 'unusable'],
  ['SQLITE_PROTOCOL', sqlite(15), 'unusable'],
  ['SQLITE_NOLFS', sqlite(22), 'unusable'],
  ['EIO', coded('EIO'), 'unusable'],
  ['ENOTDIR', coded('ENOTDIR'), 'unusable'],
])('%s: %s', (name, error, kind) => {
  const failure = databaseFailure(error, 'state/pilotlight.db');
  expect(failure).toMatchObject({ kind, code: 'unavailable' });
  expect(failure?.message).toContain('state/pilotlight.db');
  expect(failure?.message).toContain(`(${name})`);
});

test('no space says so, and no permission too', () => {
  expect(databaseFailure(sqlite(13), 'a')?.message).toMatch(/no space left/);
  expect(databaseFailure(coded('EACCES'), 'a')?.message).toMatch(/may not be written/);
});

test.each([
  sqlite(1),
  sqlite(1299),
  coded('ERR_SQLITE_ERROR'),
  coded('ERR_INVALID_ARG_TYPE'),
  new TypeError('x'),
  coded(7),
  'x',
])('%s is a mistake in the program', (error) => {
  expect(databaseFailure(error, 'a')).toBeUndefined();
});

test('a failure stays what it is', () => {
  const failure = new DatabaseFailure('newer', 'x');
  expect(databaseFailure(failure, 'a')).toBe(failure);
});

const NO_BUILD = new Error(
  'No native build was found for platform=linux arch=x64 ...\n    loaded from: /srv/pilotlight',
);

test.each([coded('ERR_MODULE_NOT_FOUND'), coded('MODULE_NOT_FOUND'), NO_BUILD])(
  'SQLite that was left out of the installation: %s',
  (error) => {
    const failure = driverFailure(error, 'linux x64');
    expect(failure).toMatchObject({
      ...{ kind: 'driver', cause: error },
      message: expect.stringMatching(/^SQLite is not installed: .*"npm ci --include=optional".* restart/) as string,
    });
  },
);

test.each(['linux arm', 'linux riscv64', 'freebsd x64'])('on %s there is none, and npm could not help', (host) => {
  for (const error of [coded('ERR_MODULE_NOT_FOUND'), NO_BUILD]) {
    const { message } = driverFailure(error, host) as Error;
    expect(message).toMatch(new RegExp(`^there is no SQLite for ${host}: .*PILOTLIGHT_JOURNAL=off.*x64 or arm64`));
    expect(message).not.toContain('npm');
  }
});

test('the hosts that it is there for are those of its package', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { os?: string[]; cpu?: string[] }>;
  };
  const { os = [], cpu = [] } = lock.packages['node_modules/@photostructure/sqlite'] ?? {};
  expect(os.length * cpu.length).toBe(6);
  for (const host of os.flatMap((system) => cpu.map((arch) => `${system} ${arch}`))) {
    expect(driverFailure(NO_BUILD, host)).toMatchObject({
      message: expect.stringContaining('not installed') as string,
    });
  }
});

test('a binary that cannot be loaded says why, without the folders of the host', () => {
  const message =
    "/lib/x86_64-linux-gnu/libm.so.6: version `GLIBC_2.29' not found (required by /srv/p/node_modules/@photostructure/sqlite/prebuilds/linux-x64/@photostructure+sqlite.glibc.node)\nmore";
  const failure = driverFailure(coded('ERR_DLOPEN_FAILED', message)) as Error;
  expect(failure).toMatchObject({ kind: 'driver' });
  expect(failure.message).toContain(
    "(libm.so.6: version `GLIBC_2.29' not found (required by @photostructure+sqlite.glibc.node)): install",
  );
  const windows = driverFailure(coded('ERR_DLOPEN_FAILED', '\\\\?\\C:\\p\\x.node is no application')) as Error;
  expect(windows.message).toContain('(x.node is no application)');
});

test.each([sqlite(14), new Error('no'), 'x'])('%s is no matter of the installation', (error) => {
  expect(driverFailure(error)).toBe(error);
});
