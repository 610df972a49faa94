import type Database from 'better-sqlite3';

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
