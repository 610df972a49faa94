import Database from 'better-sqlite3';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { loadDriver, nameOf, openDatabase } from '../../src/journal/open-database.ts';
import { MIGRATIONS } from '../../src/journal/schema.ts';
import { databaseFile } from './stand.ts';

function made(): string {
  const file = databaseFile();
  openDatabase(Database, file).close();
  return file;
}

test('a new database: its folder, its tables, for our eyes only', () => {
  const file = databaseFile();
  const db = openDatabase(Database, file);
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(db.pragma('synchronous', { simple: true })).toBe(1);
  expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
  expect(db.pragma('busy_timeout', { simple: true })).toBe(5000);
  db.exec('INSERT INTO sync_run VALUES (1, NULL, 0)');
  for (const part of ['', '-wal', '-shm']) expect(statSync(file + part).mode & 0o777).toBe(0o600);
  db.close();
  const again = openDatabase(Database, file);
  expect(again.prepare('SELECT count(*) AS n FROM sync_run').get()).toEqual({ n: 1 });
  again.close();
});

test('an empty file is a new database', () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  writeFileSync(file, '');
  openDatabase(Database, file).close();
});

test('a database of an older version is brought up, one step at a time', () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  const old = new Database(file);
  old.exec(MIGRATIONS[0] ?? '');
  old.pragma('user_version = 1');
  old.exec('INSERT INTO sync_run VALUES (1, NULL, 0)');
  old.close();
  const db = openDatabase(Database, file);
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
  expect(
    db.prepare('SELECT (SELECT count(*) FROM sync_run) AS a, (SELECT count(*) FROM discovery_token) AS b').get(),
  ).toEqual({ a: 1, b: 0 });
  db.close();
});

test('a database of a newer version is left as it is, byte for byte', () => {
  const file = made();
  const newer = new Database(file);
  newer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  newer.close();
  const before = readFileSync(file);
  expect(() => openDatabase(Database, file)).toThrow(
    expect.objectContaining({
      kind: 'newer',
      message: expect.stringMatching(/newer Pilotlight.*run that version again/) as string,
    }),
  );
  expect(readFileSync(file)).toEqual(before);
  expect(readdirSync(dirname(file))).toEqual(['pilotlight.db']);
});

test('a newer version that crashed before its last words were put in place is seen, too', () => {
  const file = made();
  const newer = new Database(file);
  newer.pragma('user_version = 1000');
  // Its header is behind: the change is in the write-ahead log alone.
  expect(readFileSync(file).readInt32BE(60)).toBe(MIGRATIONS.length);
  expect(() => openDatabase(Database, file)).toThrow(expect.objectContaining({ kind: 'newer' }));
  newer.close();
});

test('what is no database, or is torn, is damaged', () => {
  const text = databaseFile();
  mkdirSync(dirname(text));
  writeFileSync(text, 'this is no database, however long it may be'.repeat(100));
  expect(() => openDatabase(Database, text)).toThrow(expect.objectContaining({ kind: 'damaged' }));
  const torn = made();
  const bytes = readFileSync(torn);
  bytes.fill(0x5a, 4096, bytes.length - 4096);
  writeFileSync(torn, bytes);
  expect(() => openDatabase(Database, torn)).toThrow(expect.objectContaining({ kind: 'damaged' }));
  const short = made();
  writeFileSync(short, readFileSync(short).subarray(0, 5000));
  expect(() => openDatabase(Database, short)).toThrow(expect.objectContaining({ kind: 'damaged' }));
});

test('where a folder stands in its place nothing can be written', () => {
  const file = databaseFile();
  mkdirSync(file, { recursive: true });
  expect(() => openDatabase(Database, file)).toThrow(expect.objectContaining({ kind: 'unusable' }));
});

test('an SQLite that was not built says what to do', () => {
  const file = databaseFile();
  const unbuilt = function Unbuilt(): void {
    throw new TypeError('x', { cause: undefined });
  };
  const missing = function Missing(): void {
    throw Object.assign(new TypeError('Could not locate the bindings file. Tried: ...'));
  };
  expect(() => openDatabase(missing as never, file)).toThrow(
    expect.objectContaining({
      kind: 'driver',
      message: expect.stringMatching(/npm rebuild better-sqlite3.*python3, make and a C\+\+ compiler/) as string,
    }),
  );
  expect(() => openDatabase(unbuilt as never, file)).toThrow(TypeError);
});

test('the driver is loaded when it is asked for', async () => {
  expect(await loadDriver()).toBe(Database);
});

test('people know the file by its folder and name', () => {
  expect(nameOf('/srv/pilotlight/state/pilotlight.db')).toBe('state/pilotlight.db');
});
