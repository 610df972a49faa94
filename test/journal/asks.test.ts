import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { DiscoveryChange } from '../../src/model/discovery.ts';
import { answer } from '../../src/journal/asks.ts';
import { discoveryStore } from '../../src/journal/discovery-journal.ts';
import { openDatabase } from '../../src/journal/open-database.ts';
import { databaseFile } from './stand.ts';

const CREATED: DiscoveryChange = {
  kind: 'created',
  index: 7,
  token: {
    ...{ token: 'a', url: 'http://x/a', size: 3, createdIndex: 7, createdAt: 1, complete: false, removedIndex: 0 },
    members: [],
  },
};

test('what must not be lost is written with fsync, the rest goes on without', () => {
  const db = openDatabase(Database, databaseFile());
  const levels: unknown[] = [];
  const transaction = db.transaction.bind(db);
  db.transaction = ((work: () => unknown) => {
    levels.push(db.pragma('synchronous', { simple: true }));
    return transaction(work);
  }) as never;
  answer(db, 'discovery.write', CREATED);
  expect(levels[0]).toBe(2);
  expect(db.pragma('synchronous', { simple: true })).toBe(1);
  expect(answer(db, 'discovery.read', undefined)).toEqual({ index: 7, tokens: [CREATED.token] });
  db.close();
});

test('one that fails leaves nothing behind, and no fsync for the others', () => {
  const db = openDatabase(Database, databaseFile());
  const broken = { ...CREATED, index: null } as unknown as DiscoveryChange;
  expect(() => answer(db, 'discovery.write', broken)).toThrow();
  expect(answer(db, 'discovery.read', undefined)).toEqual({ index: 0, tokens: [] });
  expect(db.pragma('synchronous', { simple: true })).toBe(1);
  db.close();
});

test('the store of discovery asks the journal', async () => {
  const db = openDatabase(Database, databaseFile());
  const store = discoveryStore({ ask: async (name, args) => answer(db, name, args) });
  await store.write(CREATED);
  expect(await store.read()).toEqual({ index: 7, tokens: [CREATED.token] });
  db.close();
});
