import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type Database from 'better-sqlite3';

/** A text that is sent every day must not count as old; its time need not be exact. */
const REFRESH_MS = 3_600_000;
const REMEMBERED = 10_000;
/** Nothing that is rendered comes near it. */
const LARGEST = 16 * 2 ** 20;

/** What machines were sent, each text once however many got it. */
export class SentTexts {
  readonly #put: Database.Statement<[Buffer, number, Buffer]>;
  readonly #touch: Database.Statement<[number, Buffer]>;
  readonly #get: Database.Statement<[Buffer], { body: Buffer }>;
  /** Digest (hex) to when it was last written down. */
  readonly #fresh = new Map<string, number>();

  constructor(db: Database.Database) {
    this.#put = db.prepare(
      'INSERT INTO sent (digest, at, body) VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET at = max(at, excluded.at)',
    );
    this.#touch = db.prepare('UPDATE sent SET at = max(at, ?) WHERE digest = ?');
    this.#get = db.prepare('SELECT body FROM sent WHERE digest = ?');
  }

  /** Gives the text's digest; null for one that is too large to keep. */
  keep(body: Uint8Array, at: number): Buffer | null {
    if (body.length > LARGEST) return null;
    const digest = createHash('sha256').update(body).digest();
    const name = digest.toString('hex');
    const kept = this.#fresh.get(name);
    if (kept !== undefined && at - kept < REFRESH_MS) return digest;
    if (this.#touch.run(at, digest).changes === 0) this.#put.run(digest, at, deflateRawSync(body));
    if (this.#fresh.size >= REMEMBERED) this.#fresh.clear();
    this.#fresh.set(name, at);
    return digest;
  }

  get(digest: string): Uint8Array | undefined {
    if (!/^[0-9a-f]{64}$/.test(digest)) return undefined;
    const row = this.#get.get(Buffer.from(digest, 'hex'));
    return row === undefined ? undefined : new Uint8Array(inflateRawSync(row.body));
  }

  /** What is remembered may be gone: rows were removed, or a transaction was rolled back. */
  forget(): void {
    this.#fresh.clear();
  }
}

/**
 * What people may look for, of every machine, in memory: a hundred thousand texts are looked through in a few
 * milliseconds here, and in ten times that by SQLite. Some 200 bytes each.
 */
export class SearchTexts {
  readonly #all: Database.Statement<[], { id: number; search: string }>;
  readonly #version: () => number;
  #texts: Map<number, string> | undefined;
  #seen = 0;

  constructor(db: Database.Database) {
    this.#all = db.prepare('SELECT id, search FROM machine');
    // Changes when another process has written.
    this.#version = () => Number(db.pragma('data_version', { simple: true }));
  }

  put(id: number, text: string): void {
    this.#texts?.set(id, text);
  }

  remove(id: number): void {
    this.#texts?.delete(id);
  }

  /** The machines in whose text it is; undefined when they are more than `most`. */
  find(needle: string, most: number): readonly number[] | undefined {
    const found: number[] = [];
    for (const [id, text] of this.#read()) {
      if (!text.includes(needle)) continue;
      if (found.length === most) return undefined;
      found.push(id);
    }
    return found;
  }

  /** Whether one of them has it. After a `find`: looks at what that one read. */
  has(id: number, needle: string): boolean {
    return this.#texts?.get(id)?.includes(needle) === true;
  }

  /** Reads all of them, so that the first search need not. */
  load(): void {
    this.#read();
  }

  /** What is remembered may be wrong: a transaction was rolled back. */
  forget(): void {
    this.#texts = undefined;
  }

  #read(): ReadonlyMap<number, string> {
    const version = this.#version();
    if (this.#texts === undefined || version !== this.#seen) {
      this.#texts = new Map(this.#all.all().map(({ id, search }) => [id, search]));
      this.#seen = version;
    }
    return this.#texts;
  }
}
