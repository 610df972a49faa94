import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it } from 'vitest';
import { DISCOVERY_SCHEMA } from '../../src/journal/schema.ts';
import { openDatabase } from '../../src/journal/database.ts';
import { readDiscovery, Store, writeDiscovery } from '../../src/journal/store.ts';
import { applyChange, type DiscoveryChange, type StoredToken } from '../../src/model/discovery.ts';
import { databaseFile, openSetup } from './setup.ts';
import { type Database, pragma } from '../../src/journal/sqlite.ts';

const TOKEN: StoredToken = {
  ...{ token: 't', url: 'http://pxe.lan/discovery/t', size: 2, createdIndex: 1, createdAt: 9, complete: false },
  ...{ removedIndex: 0, cluster: 'lab', members: [] },
};
const member = (id: string, createdIndex: number) => ({ id, value: `${id}=v`, createdIndex, confirmed: false });
const CHANGES: readonly DiscoveryChange[] = [
  { kind: 'created', index: 1, token: TOKEN },
  { kind: 'registered', index: 2, token: 't', member: member('b', 2), complete: false },
  { kind: 'registered', index: 3, token: 't', member: member('a', 3), complete: true },
  { kind: 'confirmed', index: 3, token: 't', id: 'a' },
  { kind: 'removed', index: 4, token: 't', id: 'b' },
];

function open(): Database {
  const db = new DatabaseSync(':memory:');
  db.exec('PRAGMA foreign_keys = ON');
  db.exec(DISCOVERY_SCHEMA);
  return db;
}

it('gives back what every change made of a token, also when a change is written twice', () => {
  const db = open();
  expect(readDiscovery(db)).toEqual({ index: 0, tokens: [] });
  let token: StoredToken | undefined;
  for (const change of CHANGES) {
    writeDiscovery(db, change);
    writeDiscovery(db, change);
    token = applyChange(token, change);
    expect(readDiscovery(db)).toEqual({ index: change.index, tokens: [token] });
  }
  writeDiscovery(db, { kind: 'forgotten', index: 5, token: 't' });
  expect(readDiscovery(db)).toEqual({ index: 5, tokens: [] });
  expect(db.prepare('SELECT count(*) AS n FROM discovery_member').get()).toEqual({ n: 0 });
});

it('writes a change as a whole or not at all, and never counts back', () => {
  const db = open();
  writeDiscovery(db, { kind: 'created', index: 7, token: TOKEN });
  const orphan: DiscoveryChange = {
    kind: 'registered',
    index: 9,
    token: 'none',
    member: member('a', 9),
    complete: false,
  };
  expect(() => {
    writeDiscovery(db, orphan);
  }).toThrow('FOREIGN KEY');
  writeDiscovery(db, { kind: 'confirmed', index: 2, token: 't', id: 'a' });
  expect(readDiscovery(db)).toEqual({ index: 7, tokens: [TOKEN] });
});

it('keeps a token without a cluster, and the schema may be there already', () => {
  const db = open();
  db.exec(DISCOVERY_SCHEMA);
  const { cluster, ...plain } = TOKEN;
  expect(cluster).toBe('lab');
  writeDiscovery(db, { kind: 'created', index: 1, token: plain });
  expect(readDiscovery(db).tokens).toEqual([plain]);
});

it('is on the disk (fsync) when it is written; the rest goes on without', () => {
  const levels: unknown[] = [];
  class Watched extends DatabaseSync {
    override exec(sql: string): void {
      if (sql.startsWith('BEGIN')) levels.push(pragma(this, 'synchronous'));
      super.exec(sql);
    }
  }
  const db = openDatabase(Watched, databaseFile());
  const store = new Store(db, { days: 90 });
  levels.length = 0;
  store.writeDiscovery({ kind: 'created', index: 7, token: TOKEN });
  expect(levels).toEqual([2]);
  expect(pragma(db, 'synchronous')).toBe(1);
  expect(store.readDiscovery()).toEqual({ index: 7, tokens: [TOKEN] });
  store.close();
});

it('leaves nothing behind where it fails, and no fsync for what comes after', () => {
  const { db, store } = openSetup();
  const broken = { kind: 'created', index: null, token: TOKEN } as unknown as DiscoveryChange;
  expect(() => {
    store.writeDiscovery(broken);
  }).toThrow();
  expect(store.readDiscovery()).toEqual({ index: 0, tokens: [] });
  expect(pragma(db, 'synchronous')).toBe(1);
});
