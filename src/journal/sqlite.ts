import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DatabaseSync, DatabaseSyncInstance } from '@photostructure/sqlite';
import { driverFailure } from './database-failure.ts';

// All that the journal knows of its driver, whose API is that of node:sqlite: without Node 20, these imports become that.

export type Database = DatabaseSyncInstance;
export type Driver = typeof DatabaseSync;

/** Loaded only where a database is opened: it is not on every host. Throws DatabaseFailure `driver` where it is missing. */
export async function loadDriver(): Promise<Driver> {
  try {
    return (await import('@photostructure/sqlite')).DatabaseSync;
  } catch (error) {
    throw driverFailure(error);
  }
}

type Value = string | number | null | Uint8Array;

/** A statement with the types of what it takes and gives. */
export interface Statement<Values extends readonly unknown[], Row = unknown> {
  run(...values: Values): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  get(...values: Values): Row | undefined;
  all(...values: Values): Row[];
  iterate(...values: Values): Iterable<Row>;
}

export function prepare<Values extends readonly unknown[] = readonly Value[], Row = unknown>(
  db: Database,
  sql: string,
): Statement<Values, Row> {
  return db.prepare(sql);
}

/** The value of a pragma; `exec` sets one. */
export function pragma(db: Database, name: string): unknown {
  return Object.values(prepare<[], Record<string, unknown>>(db, `PRAGMA ${name}`).get() ?? {})[0];
}

/** All of the work or nothing. IMMEDIATE waits for other writers at the beginning, not in the middle. */
export function transaction<T>(db: Database, work: () => T, kind: 'IMMEDIATE' | 'DEFERRED' = 'IMMEDIATE'): T {
  db.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has ended it already where the disk is full or broken.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Lets go of the files of every database that was closed. The driver keeps them open until the last statement is
 * collected as garbage, and has no other way to end one (node:sqlite ends them all when it closes a database): a journal
 * that is tried again and again would run out of files. Where a thread or process ends, nothing needs to be done.
 */
export async function releaseClosed(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What V8 compiled is only taken again by a process with the same flags.
  setFlagsFromString('--no-expose-gc');
  collect();
  // What was collected is ended in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
}
