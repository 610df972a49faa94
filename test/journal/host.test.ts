import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { Host, moveAside } from '../../src/journal/host.ts';
import type { Driver } from '../../src/journal/open-database.ts';
import { MIGRATIONS } from '../../src/journal/schema.ts';
import { databaseFile, entryOf, macOf, refused, script, T } from './stand.ts';

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

function hostOf(file: string, load?: () => Promise<Driver>): Host {
  const host = new Host({ file, days: 90, load });
  onTestFinished(async () => {
    await host.call('close', []);
  });
  return host;
}

async function write(host: Host, n = 1): Promise<void> {
  await host.call('write', [[entryOf(script(T, n, 'boot'))], T]);
}

async function machines(host: Host): Promise<readonly string[]> {
  return (await host.call('machines', [{ limit: 10 }, T])).machines.map(({ key }) => key);
}

test('opens, answers, closes; closed it is off', async () => {
  const host = hostOf(databaseFile());
  await expect(write(host)).rejects.toMatchObject({ kind: 'off' });
  expect(await host.call('open', [T])).toEqual({});
  await write(host);
  expect(await machines(host)).toEqual([macOf(1)]);
  await host.call('close', []);
  await host.call('close', []);
  await expect(machines(host)).rejects.toMatchObject({ kind: 'off' });
});

test('a file that is no database is put aside, and a new one begins', async () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  writeFileSync(file, 'no database at all');
  const host = hostOf(file);
  const name = 'pilotlight.db.broken-20270115T080000Z';
  expect(await host.call('open', [T])).toEqual({
    aside: { why: 'state/pilotlight.db is no database', name, removed: [] },
  });
  await write(host);
  expect(readFileSync(`${dirname(file)}/${name}`, 'utf8')).toBe('no database at all');
});

test('damage that shows in use closes the database; opened again, it is a new one', async () => {
  const file = databaseFile();
  const first = hostOf(file);
  await first.call('open', [T]);
  for (let n = 0; n < 200; n += 1) await write(first, n);
  await first.call('close', []);
  // Larger than what is checked page by page: damage is met when it is met.
  const big = new Database(file);
  big.exec('CREATE TABLE filler (x BLOB); INSERT INTO filler VALUES (zeroblob(70000000))');
  const root = big.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").pluck().get() as number;
  big.close();
  const bytes = readFileSync(file);
  bytes.fill(0x5a, (root - 1) * 4096, root * 4096);
  writeFileSync(file, bytes);
  const host = hostOf(file);
  expect(await host.call('open', [T])).toEqual({});
  await expect(write(host)).rejects.toMatchObject({ kind: 'damaged' });
  await expect(machines(host)).rejects.toMatchObject({ kind: 'off' });
  expect(await host.call('open', [T])).toMatchObject({ aside: { why: expect.stringContaining('damaged') as string } });
  await write(host);
  expect(await machines(host)).toEqual([macOf(1)]);
  expect(await host.call('open', [T])).toEqual({});
});

test('a database of a newer Pilotlight stays where it is', async () => {
  const file = databaseFile();
  const host = hostOf(file);
  await host.call('open', [T]);
  await host.call('close', []);
  const newer = new Database(file);
  newer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  newer.close();
  await expect(host.call('open', [T])).rejects.toMatchObject({ kind: 'newer' });
  expect(readdirSync(dirname(file))).toEqual(['pilotlight.db']);
});

test('damage where nothing can be put aside is trouble', async () => {
  const file = databaseFile();
  mkdirSync(dirname(file));
  writeFileSync(file, 'no database at all');
  // The name is taken by what cannot be listed among the others: a folder that cannot be replaced.
  const host = hostOf(`${file}/below`);
  await expect(host.call('open', [T])).rejects.toMatchObject({ kind: 'unusable' });
});

test.each(['moved', 'removed', 'replaced'])('a database that was %s is not written on', async (how) => {
  const file = databaseFile();
  const host = hostOf(file);
  await host.call('open', [T]);
  await write(host);
  if (how === 'removed') rmSync(file);
  else renameSync(file, `${file}.old`);
  if (how === 'replaced') writeFileSync(file, '');
  await expect(write(host)).rejects.toMatchObject({ kind: 'moved' });
  expect(await host.call('open', [T])).toEqual({});
  expect(await machines(host)).toEqual([]);
});

test('a full database is trouble, and keeps what it has', async () => {
  let pages = 60;
  class Small extends Database {
    constructor(file: string, options: Database.Options) {
      super(file, options);
      this.pragma(`max_page_count = ${pages}`);
    }
  }
  const host = hostOf(databaseFile(), async () => Small as unknown as Driver);
  await host.call('open', [T]);
  await write(host, 1);
  const many = Array.from({ length: 3000 }, (_, n) => entryOf(refused(T + n, 2, `/${n}${'x'.repeat(200)}`)));
  await expect(host.call('write', [many, T])).rejects.toMatchObject({ kind: 'unusable', message: /no space left/ });
  await expect(machines(host)).rejects.toMatchObject({ kind: 'off' });
  pages = 1_000_000;
  await host.call('open', [T]);
  expect(await machines(host)).toEqual([macOf(1)]);
  await host.call('write', [many, T]);
  expect(await machines(host)).toHaveLength(2);
});

test('another process that writes for long makes us wait, not close', async () => {
  const file = databaseFile();
  class Hasty extends Database {
    constructor(name: string, options: Database.Options) {
      super(name, { ...options, timeout: 10 });
    }
  }
  const host = hostOf(file, async () => Hasty as unknown as Driver);
  await host.call('open', [T]);
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  await expect(write(host)).rejects.toMatchObject({ kind: 'busy' });
  expect(await machines(host)).toEqual([]);
  other.exec('COMMIT');
  other.close();
  await write(host);
});

test('one event that cannot be written does not take the others with it', async () => {
  const host = hostOf(databaseFile());
  await host.call('open', [T]);
  const wrong = {
    ...entryOf(script(T, 2, 'boot'), 3),
    event: { ...script(T, 2, 'boot'), decision: undefined },
  } as never;
  const written = await host.call('write', [[entryOf(script(T, 1, 'boot')), wrong, entryOf(script(T, 3, 'boot'))], T]);
  expect(written).toMatchObject({ lost: 3, mistake: expect.stringContaining('TypeError') as string });
  expect(written.machines).toEqual([macOf(1), macOf(3)]);
  expect(await machines(host)).toEqual([macOf(3), macOf(1)]);
});

test('a host without SQLite', async () => {
  const host = hostOf(databaseFile(), () => Promise.reject(new TypeError('a mistake')));
  await expect(host.call('open', [T])).rejects.toThrow(TypeError);
});
