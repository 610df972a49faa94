import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseFailure, databaseFailure } from './database-failure.ts';
import { MIGRATIONS } from './schema.ts';
import { Store, type StoreOptions } from './store.ts';
import { type Database, type Driver, loadDriver, pragma, releaseClosed, transaction } from './sqlite.ts';

export interface DatabaseOptions extends StoreOptions {
  /** Absolute: state/pilotlight.db. */
  readonly file: string;
}

/** What can be asked of the database. All but `open` and `close` reject with DatabaseFailure `off` while it is closed. */
export interface Requests extends Pick<
  Store,
  | 'activities'
  | 'age'
  | 'know'
  | 'logLines'
  | 'machine'
  | 'machines'
  | 'readDiscovery'
  | 'sent'
  | 'syncRuns'
  | 'write'
  | 'writeDiscovery'
> {
  open(now: number): Opened;
  close(): void;
}

export type Request = keyof Requests;

export interface Opened {
  /** A damaged database was set aside, and a new one begun. */
  readonly aside?: { readonly why: string; readonly name: string; readonly removed: readonly string[] };
}

/** The way to the database: what is asked is answered one after the other, in the order in which it was asked. */
export interface Channel {
  /** Rejects with DatabaseFailure when the database cannot be used, with Failure or a mistake otherwise. */
  call<R extends Request>(request: R, ...args: Parameters<Requests[R]>): Promise<ReturnType<Requests[R]>>;
  /** Closes the database. When `force` aborts, what is still running is cut. */
  end(force: AbortSignal): Promise<void>;
}

/** Less is no space: the database would come on only to fail with the next batch. */
const SPACE_BYTES = 2 ** 20;

/** What must not go into, or come from, a file that is no longer at its place. */
const IN_PLACE: ReadonlySet<Request> = new Set(['write', 'readDiscovery', 'writeDiscovery']);

/**
 * The store with its life: opened, closed when it cannot be used, and opened again. Used at once on the calling thread:
 * by the journal's thread, and by commands, which may wait.
 */
export class JournalDatabase implements Channel {
  readonly #options: DatabaseOptions;
  readonly #load: () => Promise<Driver>;
  #last: Promise<unknown> = Promise.resolve();
  #store: Store | undefined;
  #identity: Stats | undefined;
  /** Damage that was met in use, and may not show when the database is opened. */
  #damage: DatabaseFailure | undefined;

  constructor(options: DatabaseOptions, load = loadDriver) {
    this.#options = options;
    this.#load = load;
  }

  readonly call: Channel['call'] = async (request, ...args) => {
    const answer = this.#last.then(() => this.#answer(request, args));
    this.#last = answer.catch(() => undefined);
    return (await answer) as never;
  };

  async end(): Promise<void> {
    await this.call('close');
  }

  async #answer(request: Request, args: readonly unknown[]): Promise<unknown> {
    if (request === 'open') return await this.#open(Number(args[0]));
    if (request === 'close') {
      await this.#letGo();
      return undefined;
    }
    const store = this.#store;
    if (store === undefined) throw new DatabaseFailure('off', 'the journal is off');
    try {
      if (IN_PLACE.has(request)) this.#checkPlace();
      return (store[request] as (...values: readonly unknown[]) => unknown).apply(store, [...args]);
    } catch (error) {
      const failure = databaseFailure(error, nameOf(this.#options.file));
      if (failure === undefined) throw error;
      if (failure.kind !== 'busy') await this.#letGo();
      if (failure.kind === 'damaged') this.#damage = failure;
      throw failure;
    }
  }

  async #open(now: number): Promise<Opened> {
    if (this.#store !== undefined) await this.#letGo();
    const { file } = this.#options;
    const driver = await this.#load();
    try {
      if (this.#damage !== undefined) throw this.#damage;
      this.#begin(driver);
      return {};
    } catch (error) {
      const failure = databaseFailure(error, nameOf(file));
      await releaseClosed();
      if (failure?.kind !== 'damaged') throw failure ?? error;
      try {
        const aside = moveAside(file, now);
        this.#damage = undefined;
        this.#begin(driver);
        return { aside: { why: failure.message, ...aside } };
      } catch (again) {
        throw databaseFailure(again, nameOf(file)) ?? again;
      }
    }
  }

  #begin(driver: Driver): void {
    const { file } = this.#options;
    const db = openDatabase(driver, file);
    try {
      this.#store = new Store(db, this.#options);
      const { bavail, bsize } = statfsSync(dirname(file));
      if (bavail * bsize < SPACE_BYTES) {
        throw new DatabaseFailure('unusable', `no space left for ${nameOf(file)}: free some`);
      }
      this.#identity = statSync(file);
    } catch (error) {
      this.#store = undefined;
      db.close();
      throw error;
    }
  }

  /** SQLite would go on writing into a file that was moved or removed. */
  #checkPlace(): void {
    const now = statSync(this.#options.file, { throwIfNoEntry: false });
    if (now?.ino === this.#identity?.ino && now?.dev === this.#identity?.dev) return;
    throw new DatabaseFailure('moved', `${nameOf(this.#options.file)} was moved or removed`);
  }

  /** Its files are free afterwards, and its write-ahead log is gone. */
  async #letGo(): Promise<void> {
    this.#close();
    await releaseClosed();
  }

  #close(): void {
    try {
      this.#store?.close();
    } catch {
      // What was written stays in the write-ahead log, and is found there.
    }
    this.#store = undefined;
  }
}

/** How people know the file: `state/pilotlight.db`. */
export function nameOf(file: string): string {
  return `${basename(dirname(file))}/${basename(file)}`;
}

/** Another process (a sync, a command) writes for moments only. */
const OPTIONS = {
  timeout: 5000,
  // Records are given as they are to statements that need some of their columns.
  allowUnknownNamedParameters: true,
};
const CACHE_KIB = 65_536;
/** 40 MB: machines that boot together change the same pages again and again before those must go to their places. */
const CHECKPOINT_PAGES = 10_000;
/** Up to this size every page is checked first; a larger database shows its damage when it is met. */
const CHECKED_BYTES = 64 * 2 ** 20;
const MAGIC = 'SQLite format 3\0';

/**
 * A database of ours with the tables of this version, made when it is not there. Throws DatabaseFailure. A database of a
 * newer version is left as it is.
 */
export function openDatabase(driver: Driver, file: string): Database {
  try {
    mkdirSync(dirname(file), { recursive: true });
    refuseNewer(versionInHeader(file), file);
    return prepared(new driver(file, OPTIONS), file);
  } catch (error) {
    throw databaseFailure(error, nameOf(file)) ?? error;
  }
}

/**
 * From the first bytes, without SQLite (which would make files beside it). When there is nothing yet the file is made,
 * for our eyes only, because it will hold what machines are sent, with its secrets.
 */
function versionInHeader(file: string): number {
  const fd = openSync(file, 'a+', 0o600);
  try {
    const bytes = Buffer.alloc(100);
    if (readSync(fd, bytes, 0, 100, 0) === 0) return 0;
    if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
      throw new DatabaseFailure('damaged', `${nameOf(file)} is no database`);
    }
    // The user version is at offset 60 (SQLite's file format, 1.3).
    return bytes.readInt32BE(60);
  } finally {
    closeSync(fd);
  }
}

function prepared(db: Database, file: string): Database {
  try {
    // Again: the header on the disk is behind while changes wait in the write-ahead log.
    refuseNewer(versionOf(db), file);
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA foreign_keys = ON;
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = 67108864;`);
    const verdict = statSync(file).size > CHECKED_BYTES ? 'ok' : String(pragma(db, 'quick_check(1)'));
    if (verdict !== 'ok') throw new DatabaseFailure('damaged', `${nameOf(file)} is damaged (${verdict})`);
    transaction(db, () => {
      for (const step of MIGRATIONS.slice(versionOf(db))) db.exec(step);
      // Written also when nothing changed: the database must be writable before the journal counts as on.
      db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    });
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function versionOf(db: Database): number {
  return Number(pragma(db, 'user_version'));
}

function refuseNewer(version: number, file: string): void {
  if (version <= MIGRATIONS.length) return;
  const name = nameOf(file);
  const what = `${name} was written by a newer Pilotlight (its tables are version ${version}, ours ${MIGRATIONS.length})`;
  throw new DatabaseFailure('newer', `${what}: run that version again, or move the file away to begin a new one`);
}

/** How many damaged databases are kept. */
const KEPT = 2;
/** What SQLite keeps beside a database: they belong together. */
const PARTS = ['', '-wal', '-shm'];

/** Renames a damaged database, so that a new one can begin and the old one can be examined; `removed` made room for it. */
export function moveAside(file: string, now: number): { readonly name: string; readonly removed: readonly string[] } {
  const folder = dirname(file);
  const prefix = `${basename(file)}.broken-`;
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let name = prefix + stamp;
  for (let n = 2; existsSync(join(folder, name)); n += 1) name = `${prefix}${stamp}-${n}`;
  for (const part of PARTS) {
    if (existsSync(file + part)) renameSync(file + part, join(folder, name + part));
  }
  const older = readdirSync(folder).filter(
    (one) => one.startsWith(prefix) && !/-(?:wal|shm)$/.test(one) && one !== name,
  );
  const removed = older.sort().slice(0, Math.max(0, older.length - (KEPT - 1)));
  for (const one of removed) for (const part of PARTS) rmSync(join(folder, one + part), { force: true });
  return { name, removed };
}
