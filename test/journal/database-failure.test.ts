import { expect, test } from 'vitest';
import { DatabaseFailure, databaseFailure, driverFailure } from '../../src/journal/database-failure.ts';

function coded(code: unknown, message = 'x'): Error {
  return Object.assign(new Error(message), { code });
}

test.each([
  ['SQLITE_CORRUPT', 'damaged'],
  ['SQLITE_CORRUPT_VTAB', 'damaged'],
  ['SQLITE_NOTADB', 'damaged'],
  ['SQLITE_BUSY', 'busy'],
  ['SQLITE_BUSY_SNAPSHOT', 'busy'],
  ['SQLITE_FULL', 'unusable'],
  ['ENOSPC', 'unusable'],
  ['EDQUOT', 'unusable'],
  ['SQLITE_READONLY', 'unusable'],
  ['SQLITE_READONLY_DBMOVED', 'unusable'],
  ['EACCES', 'unusable'],
  ['EROFS', 'unusable'],
  ['SQLITE_IOERR_WRITE', 'unusable'],
  ['SQLITE_CANTOPEN', 'unusable'],
  ['EIO', 'unusable'],
  ['ENOTDIR', 'unusable'],
])('%s: %s', (code, kind) => {
  const failure = databaseFailure(coded(code), 'state/pilotlight.db');
  expect(failure).toMatchObject({ kind, code: 'unavailable' });
  expect(failure?.message).toContain('state/pilotlight.db');
  expect(failure?.message).toContain(code);
});

test('no space says so, and no permission too', () => {
  expect(databaseFailure(coded('SQLITE_FULL'), 'a')?.message).toMatch(/no space left/);
  expect(databaseFailure(coded('EACCES'), 'a')?.message).toMatch(/may not be written/);
});

test.each([
  coded('SQLITE_CONSTRAINT_NOTNULL'),
  coded('SQLITE_ERROR'),
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

test('without SQLite: not installed, not built, built for another Node', () => {
  const missing = [
    coded('ERR_MODULE_NOT_FOUND'),
    coded('ERR_DLOPEN_FAILED'),
    new Error('Could not locate the bindings file. Tried:\n ...'),
  ];
  for (const error of missing) expect(driverFailure(error)).toMatchObject({ kind: 'driver', cause: error });
  for (const error of [coded('SQLITE_CANTOPEN'), new Error('no'), 'x']) expect(driverFailure(error)).toBe(error);
});
