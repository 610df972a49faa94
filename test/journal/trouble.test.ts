import { expect, test } from 'vitest';
import { isDriverMissing, Trouble, troubleOf } from '../../src/journal/trouble.ts';

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
  const trouble = troubleOf(coded(code), 'state/pilotlight.db');
  expect(trouble).toMatchObject({ kind, code: 'unavailable' });
  expect(trouble?.message).toContain('state/pilotlight.db');
  expect(trouble?.message).toContain(code);
});

test('no space says so, and no permission too', () => {
  expect(troubleOf(coded('SQLITE_FULL'), 'a')?.message).toMatch(/no space left/);
  expect(troubleOf(coded('EACCES'), 'a')?.message).toMatch(/may not be written/);
});

test.each([
  coded('SQLITE_CONSTRAINT_NOTNULL'),
  coded('SQLITE_ERROR'),
  coded('ERR_INVALID_ARG_TYPE'),
  new TypeError('x'),
  coded(7),
  'x',
])('%s is a mistake, not trouble', (error) => {
  expect(troubleOf(error, 'a')).toBeUndefined();
});

test('trouble stays what it is', () => {
  const trouble = new Trouble('newer', 'x');
  expect(troubleOf(trouble, 'a')).toBe(trouble);
});

test('without SQLite: not installed, not built, built for another Node', () => {
  expect(isDriverMissing(coded('ERR_MODULE_NOT_FOUND'))).toBe(true);
  expect(isDriverMissing(coded('ERR_DLOPEN_FAILED'))).toBe(true);
  expect(isDriverMissing(new Error('Could not locate the bindings file. Tried:\n ...'))).toBe(true);
  expect(isDriverMissing(coded('SQLITE_CANTOPEN'))).toBe(false);
  expect(isDriverMissing(new Error('no'))).toBe(false);
});
