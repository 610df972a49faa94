import type { DiscoveryStore } from '../../src/model/discovery.ts';
import { DISCOVERY_SCHEMA } from '../../src/journal/schema.ts';
import { readDiscovery, writeDiscovery } from '../../src/journal/store.ts';
import type { Database } from '../../src/journal/sqlite.ts';

/** The tables of the journal's database without its thread. */
export function databaseStore(db: Database): DiscoveryStore {
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  db.exec('PRAGMA foreign_keys = ON');
  db.exec(DISCOVERY_SCHEMA);
  return {
    read: async () => readDiscovery(db),
    write: async (change) => {
      writeDiscovery(db, change);
    },
  };
}
