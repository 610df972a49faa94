import { DatabaseSync, type DatabaseSyncOptions } from '@photostructure/sqlite';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { JournalDatabase, moveAside, nameOf, openDatabase } from '../../src/journal/database.ts';
import { MIGRATIONS } from '../../src/journal/schema.ts';
import { databaseFile, entryOf, macOf, refused, script, T } from './setup.ts';
import { type Driver, loadDriver, pragma, releaseClosed } from '../../src/journal/sqlite.ts';

async function made(): Promise<string> {
  const file = databaseFile();
  openDatabase(DatabaseSync, file).close();
  await releaseClosed();
  return file;
}

test('a new database: its folder, its tables, for our eyes only', () => {
  const file = databaseFile();
  const db = openDatabase(DatabaseSync, file);
  expect(pragma(db, 'user_version')).toBe(MIGRATIONS.length);
  expect(pragma(db, 'journal_mode')).toBe('wal');
  expect(pragma(db, 'synchronous')).toBe(1);
  expect(pragma(db, 'foreign_keys')).toBe(1);
  expect(pragma(db, 'busy_timeout')).toBe(5000);
  db.exec('INSERT INTO sync_run VALUES (1, NULL, 0)');
  for (const part of ['', '-wal', '-shm']) expect(statSync(file + part).mode & 0o777).toBe(0o600);
  db.close();
  const again = openDatabase(DatabaseSync, file);
  expect(again.prepare('SELECT count(*) AS n FROM sync_run').get()).toEqual({ n: 1 });
  again.close();
});

test('an empty file is a new database', () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  writeFileSync(file, '');
  openDatabase(DatabaseSync, file).close();
});

test('a database of an older version is brought up, one step at a time', () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  const old = new DatabaseSync(file);
  old.exec(MIGRATIONS[0] ?? '');
  old.exec('PRAGMA user_version = 1');
  old.exec('INSERT INTO sync_run VALUES (1, NULL, 0)');
  old.close();
  const db = openDatabase(DatabaseSync, file);
  expect(pragma(db, 'user_version')).toBe(MIGRATIONS.length);
  expect(
    db.prepare('SELECT (SELECT count(*) FROM sync_run) AS a, (SELECT count(*) FROM discovery_token) AS b').get(),
  ).toEqual({ a: 1, b: 0 });
  db.close();
});

test('a database of a newer version is left as it is, byte for byte', async () => {
  const file = await made();
  const newer = new DatabaseSync(file);
  newer.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  newer.close();
  const before = readFileSync(file);
  expect(() => openDatabase(DatabaseSync, file)).toThrow(
    expect.objectContaining({
      kind: 'newer',
      message: expect.stringMatching(/newer Pilotlight.*run that version again/) as string,
    }),
  );
  expect(readFileSync(file)).toEqual(before);
  expect(readdirSync(dirname(file))).toEqual(['pilotlight.db']);
});

test('a newer version that crashed before its last words were put in place is seen, too', async () => {
  const file = await made();
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 1000');
  // Its header is behind: the change is in the write-ahead log alone.
  expect(readFileSync(file).readInt32BE(60)).toBe(MIGRATIONS.length);
  expect(() => openDatabase(DatabaseSync, file)).toThrow(expect.objectContaining({ kind: 'newer' }));
  newer.close();
});

test('what is no database, or is torn, is damaged', async () => {
  const text = databaseFile();
  mkdirSync(dirname(text));
  writeFileSync(text, 'this is no database, however long it may be'.repeat(100));
  expect(() => openDatabase(DatabaseSync, text)).toThrow(expect.objectContaining({ kind: 'damaged' }));
  const torn = await made();
  const bytes = readFileSync(torn);
  bytes.fill(0x5a, 4096, bytes.length - 4096);
  writeFileSync(torn, bytes);
  expect(() => openDatabase(DatabaseSync, torn)).toThrow(expect.objectContaining({ kind: 'damaged' }));
  const short = await made();
  writeFileSync(short, readFileSync(short).subarray(0, 5000));
  expect(() => openDatabase(DatabaseSync, short)).toThrow(expect.objectContaining({ kind: 'damaged' }));
});

test('where a folder stands in its place nothing can be written', () => {
  const file = databaseFile();
  mkdirSync(file, { recursive: true });
  expect(() => openDatabase(DatabaseSync, file)).toThrow(expect.objectContaining({ kind: 'unusable' }));
});

test('the driver is loaded when it is asked for', async () => {
  expect(await loadDriver()).toBe(DatabaseSync);
});

test('people know the file by its folder and name', () => {
  expect(nameOf('/srv/pilotlight/state/pilotlight.db')).toBe('state/pilotlight.db');
});

function broken(): string {
  const file = databaseFile();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'broken');
  return file;
}

test('a damaged database and what belongs to it keep their content under another name', () => {
  const file = broken();
  writeFileSync(`${file}-wal`, 'log');
  const name = 'pilotlight.db.broken-20270115T080000Z';
  expect(moveAside(file, T)).toEqual({ name, removed: [] });
  expect(readdirSync(dirname(file)).sort()).toEqual([name, `${name}-wal`]);
  expect(readFileSync(`${dirname(file)}/${name}`, 'utf8')).toBe('broken');
});

test('the last two stay, and those that go are named', () => {
  const file = broken();
  const names: string[] = [];
  for (let n = 0; n < 4; n += 1) {
    writeFileSync(file, String(n));
    writeFileSync(`${file}-shm`, String(n));
    const { name, removed } = moveAside(file, T + n * 1000);
    names.push(name);
    expect(removed).toEqual(n < 2 ? [] : [names[n - 2]]);
  }
  expect(readdirSync(dirname(file)).sort()).toEqual(names.slice(2).flatMap((name) => [name, `${name}-shm`]));
});

test('two in one second are two', () => {
  const file = broken();
  const first = moveAside(file, T);
  writeFileSync(file, 'again');
  expect(moveAside(file, T).name).toBe(`${first.name}-2`);
  expect(existsSync(file)).toBe(false);
});

function databaseAt(file: string, load?: () => Promise<Driver>): JournalDatabase {
  const database = new JournalDatabase({ file, days: 90 }, load);
  onTestFinished(() => database.end());
  return database;
}

async function write(database: JournalDatabase, n = 1): Promise<void> {
  await database.call('write', [entryOf(script(T, n, 'boot'))]);
}

async function machines(database: JournalDatabase): Promise<readonly string[]> {
  return (await database.call('machines', { limit: 10 }, T)).machines.map(({ key }) => key);
}

test('opens, answers, closes; closed it is off', async () => {
  const database = databaseAt(databaseFile());
  await expect(write(database)).rejects.toMatchObject({ kind: 'off' });
  expect(await database.call('open', T)).toEqual({});
  await write(database);
  expect(await machines(database)).toEqual([macOf(1)]);
  await database.call('close');
  await database.call('close');
  await expect(machines(database)).rejects.toMatchObject({ kind: 'off' });
});

test('a database that cannot be opened, however often it is tried, leaves no file open', async () => {
  const file = databaseFile();
  class Full extends DatabaseSync {
    constructor(name: string, options: DatabaseSyncOptions) {
      super(name, options);
      this.exec('PRAGMA max_page_count = 1');
    }
  }
  const database = databaseAt(file, async () => Full as unknown as Driver);
  for (let n = 0; n < 5; n += 1) await expect(database.call('open', T)).rejects.toMatchObject({ kind: 'unusable' });
  expect(openFiles(file)).toEqual([]);
});

function openFiles(file: string): readonly string[] {
  const files = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // The one by which the folder was read.
      return '';
    }
  });
  return files.filter((name) => name.startsWith(file));
}

test('a file that is no database is set aside, and a new one begins', async () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  writeFileSync(file, 'no database at all');
  const database = databaseAt(file);
  const name = 'pilotlight.db.broken-20270115T080000Z';
  expect(await database.call('open', T)).toEqual({
    aside: { why: 'state/pilotlight.db is no database', name, removed: [] },
  });
  await write(database);
  expect(readFileSync(`${dirname(file)}/${name}`, 'utf8')).toBe('no database at all');
});

test('damage that shows in use closes the database; opened again, it is a new one', async () => {
  const file = databaseFile();
  const first = databaseAt(file);
  await first.call('open', T);
  for (let n = 0; n < 200; n += 1) await write(first, n);
  await first.call('close');
  await releaseClosed();
  // Larger than what is checked page by page: damage is met when it is met.
  const big = new DatabaseSync(file);
  big.exec('CREATE TABLE filler (x BLOB); INSERT INTO filler VALUES (zeroblob(70000000))');
  const { rootpage: root } = big.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").get() as {
    rootpage: number;
  };
  big.close();
  const bytes = readFileSync(file);
  bytes.fill(0x5a, (root - 1) * 4096, root * 4096);
  writeFileSync(file, bytes);
  const database = databaseAt(file);
  expect(await database.call('open', T)).toEqual({});
  await expect(write(database)).rejects.toMatchObject({ kind: 'damaged' });
  await expect(machines(database)).rejects.toMatchObject({ kind: 'off' });
  expect(await database.call('open', T)).toMatchObject({
    aside: { why: expect.stringContaining('damaged') as string },
  });
  await write(database);
  expect(await machines(database)).toEqual([macOf(1)]);
  expect(await database.call('open', T)).toEqual({});
});

test('a database of a newer Pilotlight stays where it is', async () => {
  const file = databaseFile();
  const database = databaseAt(file);
  await database.call('open', T);
  await database.call('close');
  await releaseClosed();
  const newer = new DatabaseSync(file);
  newer.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  newer.close();
  await expect(database.call('open', T)).rejects.toMatchObject({ kind: 'newer' });
  expect(readdirSync(dirname(file))).toEqual(['pilotlight.db']);
});

test('damage where nothing can be set aside is a failure', async () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  writeFileSync(file, 'no database at all');
  // The name is taken by what cannot be listed among the others: a folder that cannot be replaced.
  const database = databaseAt(`${file}/below`);
  await expect(database.call('open', T)).rejects.toMatchObject({ kind: 'unusable' });
});

test.each(['moved', 'removed', 'replaced'])('a database that was %s is not written on', async (how) => {
  const file = databaseFile();
  const database = databaseAt(file);
  await database.call('open', T);
  await write(database);
  if (how === 'removed') rmSync(file);
  else renameSync(file, `${file}.old`);
  if (how === 'replaced') writeFileSync(file, '');
  await expect(write(database)).rejects.toMatchObject({ kind: 'moved' });
  expect(await database.call('open', T)).toEqual({});
  expect(await machines(database)).toEqual([]);
});

test('a full database is closed, and keeps what it has', async () => {
  let pages = 60;
  class Small extends DatabaseSync {
    constructor(file: string, options: DatabaseSyncOptions) {
      super(file, options);
      this.exec(`PRAGMA max_page_count = ${pages}`);
    }
  }
  const database = databaseAt(databaseFile(), async () => Small as unknown as Driver);
  await database.call('open', T);
  await write(database, 1);
  const many = Array.from({ length: 3000 }, (_, n) => entryOf(refused(T + n, 2, `/${n}${'x'.repeat(200)}`)));
  await expect(database.call('write', many)).rejects.toMatchObject({ kind: 'unusable', message: /no space left/ });
  await expect(machines(database)).rejects.toMatchObject({ kind: 'off' });
  pages = 1_000_000;
  await database.call('open', T);
  expect(await machines(database)).toEqual([macOf(1)]);
  await database.call('write', many);
  expect(await machines(database)).toHaveLength(2);
});

test('another process that writes for long makes us wait, not close', async () => {
  const file = databaseFile();
  class Hasty extends DatabaseSync {
    constructor(name: string, options: DatabaseSyncOptions) {
      super(name, { ...options, timeout: 10 });
    }
  }
  const database = databaseAt(file, async () => Hasty as unknown as Driver);
  await database.call('open', T);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  await expect(write(database)).rejects.toMatchObject({ kind: 'busy' });
  expect(await machines(database)).toEqual([]);
  other.exec('COMMIT');
  other.close();
  await write(database);
});

test('one event that cannot be written does not take the others with it', async () => {
  const database = databaseAt(databaseFile());
  await database.call('open', T);
  const wrong = {
    ...entryOf(script(T, 2, 'boot'), 3),
    event: { ...script(T, 2, 'boot'), decision: undefined },
  } as never;
  const written = await database.call('write', [entryOf(script(T, 1, 'boot')), wrong, entryOf(script(T, 3, 'boot'))]);
  expect(written).toMatchObject({ lost: 3, mistake: expect.stringContaining('TypeError') as string });
  expect(written.machines).toEqual([macOf(1), macOf(3)]);
  expect(await machines(database)).toEqual([macOf(3), macOf(1)]);
});

test('a host whose SQLite cannot be loaded', async () => {
  const database = databaseAt(databaseFile(), () => Promise.reject(new TypeError('a mistake')));
  await expect(database.call('open', T)).rejects.toThrow(TypeError);
});
