import type Database from 'better-sqlite3';
import type { DiscoveryChange } from '../model/discovery.ts';
import { readDiscovery, writeDiscovery } from './discovery-store.ts';

type Asked = (db: Database.Database, args: unknown) => unknown;

/**
 * What other rooms keep in the same database, by name: each is run on the journal's thread in a transaction of its own,
 * and is on the disk (fsync) before it is answered. Arguments and answers cross the thread: plain data only. To add
 * one: its tables as a new migration in schema.ts, its function here, its callers through `Durable.ask`.
 */
const ASKS = {
  'discovery.read': (db) => readDiscovery(db),
  'discovery.write': (db, change) => {
    writeDiscovery(db, change as DiscoveryChange);
  },
} as const satisfies Readonly<Record<string, Asked>>;

export type AskName = keyof typeof ASKS;

/** The part of a journal that keeps what must not be lost. */
export interface Durable {
  /** Rejects with Failure `unavailable` when it cannot be kept or read now. */
  ask(name: AskName, args?: unknown): Promise<unknown>;
}

export function answer(db: Database.Database, name: AskName, args: unknown): unknown {
  // May not be changed inside a transaction. Everything else here can afford to lose its last second.
  db.pragma('synchronous = FULL');
  try {
    return db.transaction(() => ASKS[name](db, args)).immediate();
  } finally {
    db.pragma('synchronous = NORMAL');
  }
}
