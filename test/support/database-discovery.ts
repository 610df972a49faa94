import type Database from 'better-sqlite3';
import type { DiscoveryStore } from '../../src/model/discovery.ts';
import { DISCOVERY_SCHEMA } from '../../src/journal/schema.ts';
import { readDiscovery, writeDiscovery } from '../../src/journal/store.ts';

/** The tables of the journal's database without its thread. */
export function databaseStore(db: Database.Database): DiscoveryStore {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.exec(DISCOVERY_SCHEMA);
  return {
    read: async () => readDiscovery(db),
    write: async (change) => {
      writeDiscovery(db, change);
    },
  };
}
