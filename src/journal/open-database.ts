import type Database from 'better-sqlite3';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { MIGRATIONS } from './schema.ts';
import { DRIVER_REMEDY, isDriverMissing, Trouble, troubleOf } from './trouble.ts';

/** better-sqlite3's class. Loaded only where a database is opened: it is not on every host, and costs time. */
export type Driver = typeof Database;

/** Throws Trouble `driver` where it is not installed or not built. */
export async function loadDriver(): Promise<Driver> {
  try {
    return (await import('better-sqlite3')).default;
  } catch (error) {
    throw driverTrouble(error);
  }
}

function driverTrouble(error: unknown): unknown {
  return isDriverMissing(error)
    ? new Trouble('driver', `SQLite is not installed for this Node: ${DRIVER_REMEDY}`, error)
    : error;
}

/** Another process (a sync, a command) writes for moments only. */
const BUSY_MS = 5000;
const CACHE_KIB = 65_536;
/** 40 MB: machines that boot together change the same pages again and again before those must go to their places. */
const CHECKPOINT_PAGES = 10_000;
/** Up to this size every page is looked at before we trust it; larger ones show their damage when it is met. */
const CHECKED_BYTES = 64 * 2 ** 20;
const MAGIC = 'SQLite format 3\0';

/** How people know the file: `state/pilotlight.db`. */
export function nameOf(file: string): string {
  return `${basename(dirname(file))}/${basename(file)}`;
}

/**
 * A database of ours with the tables of this version, made when it is not there. Throws Trouble. A database of a newer
 * version is left as it is.
 */
export function openDatabase(driver: Driver, file: string): Database.Database {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const header = readHeader(file);
    if (header !== undefined) refuseNewer(header.version, file);
    return prepared(new driver(file, { timeout: BUSY_MS }), file);
  } catch (error) {
    const real = driverTrouble(error);
    throw troubleOf(real, nameOf(file)) ?? real;
  }
}

function prepared(db: Database.Database, file: string): Database.Database {
  try {
    // Again: the header on the disk is behind while changes wait in the write-ahead log.
    refuseNewer(versionOf(db), file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma('journal_size_limit = 67108864');
    if (statSync(file).size <= CHECKED_BYTES) check(db, file);
    migrate(db);
    // Something must be writable before we say that we are on.
    db.transaction(() => db.pragma(`user_version = ${MIGRATIONS.length}`)).immediate();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function versionOf(db: Database.Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function migrate(db: Database.Database): void {
  db.transaction(() => {
    for (let version = versionOf(db); version < MIGRATIONS.length; version += 1) {
      db.exec(MIGRATIONS[version] ?? '');
      db.pragma(`user_version = ${version + 1}`);
    }
  }).immediate();
}

function check(db: Database.Database, file: string): void {
  const verdict = String(db.pragma('quick_check(1)', { simple: true }));
  if (verdict !== 'ok') throw new Trouble('damaged', `${nameOf(file)} is damaged (${verdict})`);
}

function refuseNewer(version: number, file: string): void {
  if (version <= MIGRATIONS.length) return;
  const name = nameOf(file);
  const what = `${name} was written by a newer Pilotlight (its tables are version ${version}, ours ${MIGRATIONS.length})`;
  throw new Trouble('newer', `${what}: run that version again, or move the file away to begin a new one`);
}

/**
 * The first bytes, without SQLite (which would make files beside it). Undefined when there is nothing yet: then the file
 * is made, for our eyes only, because it will hold what machines are sent, with its secrets.
 */
function readHeader(file: string): { readonly version: number } | undefined {
  const fd = openSync(file, 'a+', 0o600);
  try {
    const bytes = Buffer.alloc(100);
    if (readSync(fd, bytes, 0, 100, 0) === 0) return undefined;
    if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
      throw new Trouble('damaged', `${nameOf(file)} is no database`);
    }
    // The user version stands at offset 60 (SQLite's file format, 1.3).
    return { version: bytes.readInt32BE(60) };
  } finally {
    closeSync(fd);
  }
}
