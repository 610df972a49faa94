import { existsSync, readdirSync, renameSync, rmSync, statfsSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { MachineKey } from '../model/machine.ts';
import type { MachineHistory, MachinePage, MachineQuery, SyncRunView } from '../model/views.ts';
import type { AskName } from './life.ts';
import type { Entry } from './queue.ts';
import { type Driver, loadDriver, nameOf, openDatabase } from './open-database.ts';
import { type KnownPart, Store, type StoreOptions, type Written } from './store.ts';
import { Trouble, troubleOf } from './trouble.ts';

const KEPT = 2;
/** What SQLite keeps beside a database: they belong together. */
const PARTS = ['', '-wal', '-shm'];

/** A damaged database was put aside: under which name, and which older ones made room. */
interface Aside {
  readonly name: string;
  readonly removed: readonly string[];
}

/** Renames a damaged database so that a new one can begin and somebody can look at the old one. The last two stay. */
export function moveAside(file: string, now: number): Aside {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const name = freeName(file, `${basename(file)}.broken-${stamp}`);
  for (const part of PARTS) {
    if (existsSync(file + part)) renameSync(file + part, join(dirname(file), name + part));
  }
  return { name, removed: removeOld(file, name) };
}

function freeName(file: string, wanted: string): string {
  let name = wanted;
  for (let n = 2; existsSync(join(dirname(file), name)); n += 1) name = `${wanted}-${n}`;
  return name;
}

function removeOld(file: string, newest: string): readonly string[] {
  const folder = dirname(file);
  const all = readdirSync(folder).filter(
    (name) => name.startsWith(`${basename(file)}.broken-`) && !/-(?:wal|shm)$/.test(name) && name !== newest,
  );
  const old = all.sort().slice(0, Math.max(0, all.length - (KEPT - 1)));
  for (const name of old) for (const part of PARTS) rmSync(join(folder, name + part), { force: true });
  return old;
}

/** Less is no space: the database would come on only to fail with the next batch. */
const SPACE_BYTES = 2 ** 20;

export interface HostOptions extends StoreOptions {
  /** Absolute. */
  readonly file: string;
  /** For tests. */
  readonly load?: () => Promise<Driver>;
}

/** What can be asked of the database, here or on its thread. All but `open` reject with Trouble `off` while it is closed. */
export interface Requests {
  open(now: number): Opened;
  write(entries: readonly Entry[], now: number): Written;
  know(part: KnownPart, now: number): void;
  machines(query: MachineQuery, now: number): MachinePage;
  machine(key: MachineKey, now: number): MachineHistory | undefined;
  sent(digest: string): Uint8Array | undefined;
  syncRuns(limit: number): readonly SyncRunView[];
  age(now: number): boolean;
  ask(name: AskName, args: unknown): unknown;
  close(): void;
}

export type Request = keyof Requests;

export interface Opened {
  /** A damaged database was put aside, and a new one begun. */
  readonly aside?: { readonly why: string; readonly name: string; readonly removed: readonly string[] };
}

/** The store with its life: it is opened, closed when it is in trouble, and opened again. */
export class Host {
  readonly #options: HostOptions;
  #store: Store | undefined;
  #identity: Stats | undefined;
  /** Its damage was met in use, and may not show at its beginning. */
  #damaged: Trouble | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Throws Trouble when the database is not to be used (it is closed then), anything else for a mistake. */
  async call<R extends Request>(request: R, args: Parameters<Requests[R]>): Promise<ReturnType<Requests[R]>>;
  async call(request: Request, args: readonly unknown[]): Promise<unknown> {
    if (request === 'open') return await this.#open(Number(args[0]));
    if (request === 'close') {
      this.#close();
      return undefined;
    }
    const store = this.#store;
    if (store === undefined) throw new Trouble('off', 'the journal is off');
    try {
      if (request === 'write' || request === 'ask') this.#inPlace();
      return (store[request] as (...values: unknown[]) => unknown).apply(store, [...args]);
    } catch (error) {
      const trouble = troubleOf(error, nameOf(this.#options.file));
      if (trouble === undefined) throw error;
      if (trouble.kind !== 'busy') this.#close();
      if (trouble.kind === 'damaged') this.#damaged = trouble;
      throw trouble;
    }
  }

  async #open(now: number): Promise<Opened> {
    this.#close();
    const driver = await (this.#options.load ?? loadDriver)();
    const { file } = this.#options;
    try {
      if (this.#damaged !== undefined) throw this.#damaged;
      this.#begin(driver);
      return {};
    } catch (error) {
      const trouble = troubleOf(error, nameOf(file));
      if (trouble?.kind !== 'damaged') throw trouble ?? error;
      return { aside: { why: trouble.message, ...this.#anew(driver, now) } };
    }
  }

  #begin(driver: Driver): void {
    const { file } = this.#options;
    try {
      const db = openDatabase(driver, file);
      try {
        this.#store = new Store(db, this.#options);
      } catch (error) {
        db.close();
        throw error;
      }
      const { bavail, bsize } = statfsSync(dirname(file));
      if (bavail * bsize < SPACE_BYTES) throw new Trouble('unusable', `no space left for ${nameOf(file)}: free some`);
      this.#identity = statSync(file);
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  #anew(driver: Driver, now: number): { readonly name: string; readonly removed: readonly string[] } {
    const { file } = this.#options;
    try {
      const aside = moveAside(file, now);
      this.#damaged = undefined;
      this.#begin(driver);
      return aside;
    } catch (error) {
      throw troubleOf(error, nameOf(file)) ?? error;
    }
  }

  /** SQLite would go on writing into a file that somebody has moved or removed. */
  #inPlace(): void {
    const now = statSync(this.#options.file, { throwIfNoEntry: false });
    if (now?.ino === this.#identity?.ino && now?.dev === this.#identity?.dev) return;
    throw new Trouble('moved', `${nameOf(this.#options.file)} was moved or removed`);
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
