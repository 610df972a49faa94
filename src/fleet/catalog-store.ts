import { randomBytes } from 'node:crypto';
import { Failure } from '../model/failure.ts';
import { digestOf, putBlob, readBlob } from './blobs.ts';
import { type Condition, type Kv, Unanswered } from './kv.ts';

/** Files by their path (`profiles/a.json`), each with the SHA-256 of its bytes. */
export type FileTree = ReadonlyMap<string, string>;

/** One state of profiles/, configs/ and sshkeys/, and how it came about. */
export interface CatalogVersion {
  /** From 1 on. */
  readonly number: number;
  /** Names all files with what they hold: see `files`. */
  readonly tree: string;
  /** Milliseconds since 1970, by the clock of that server. */
  readonly at: number;
  /** The server that committed it. */
  readonly server: string;
  readonly why: string;
  /** What was changed: the first of the paths. */
  readonly changed: readonly string[];
}

export interface CatalogHead extends CatalogVersion {
  /** The engine's revision of the head: the condition of the next commit. */
  readonly revision: number;
}

const HEAD = 'catalog/head';
/** A version names so many of its files. */
const MOST_NAMED = 20;
/** A change of one file of 10,000 writes this part of the list anew, and the list of parts. */
const BUCKETS = 64;

/**
 * The catalog of a fleet, in the engine: `blob/<sha256>/<part>` (files and lists of files), `catalog/<number>` (its
 * history), `catalog/head`. A version counts when the head names it: blobs come first, so none is ever half there.
 */
export class CatalogStore {
  readonly #kv: Kv;
  /** The list of files that was read last, and its parts: most of them are in the next one, too. */
  #known: { readonly tree: string; readonly files: FileTree } | undefined;
  #buckets = new Map<string, readonly Line[]>();

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  /** Undefined before the first commit. */
  async head(): Promise<CatalogHead | undefined> {
    const entry = await this.#kv.get(HEAD);
    return entry && { ...readVersion(entry.value, HEAD), revision: entry.changed };
  }

  /** Newest first. */
  async log(most: number): Promise<readonly CatalogVersion[]> {
    const { entries } = await this.#kv.list('catalog/');
    const versions = entries.filter(({ key }) => key !== HEAD).map(({ key, value }) => readVersion(value, key));
    return versions.toSorted((a, b) => b.number - a.number).slice(0, most);
  }

  /** Throws Failure `not-found`. */
  async version(number: number): Promise<CatalogVersion> {
    const entry = await this.#kv.get(`catalog/${number}`);
    if (entry !== undefined) return readVersion(entry.value, entry.key);
    throw new Failure('not-found', `the fleet's catalog has no version ${number}`, {
      remedy: '`pilotlight fleet log` lists them',
    });
  }

  async files(tree: string): Promise<FileTree> {
    if (this.#known?.tree === tree) return this.#known.files;
    const buckets = new Map<string, readonly Line[]>();
    for (const [, bucket] of linesOf(await readBlob(this.#kv, tree)))
      buckets.set(bucket, this.#buckets.get(bucket) ?? linesOf(await readBlob(this.#kv, bucket)));
    const files = new Map([...buckets.values()].flat());
    this.#buckets = buckets;
    this.#known = { tree, files };
    return files;
  }

  async read(digest: string): Promise<Buffer> {
    return await readBlob(this.#kv, digest);
  }

  /**
   * Makes these files the catalog, on top of `base`. `bytes` gives what a file holds that is new in it. Undefined:
   * another server was faster, and nothing was changed. Throws Unanswered: then it may count all the same.
   */
  async commit(
    base: CatalogHead | undefined,
    files: FileTree,
    about: Pick<CatalogVersion, 'at' | 'server' | 'why' | 'changed'>,
    bytes: (path: string) => Promise<Buffer>,
  ): Promise<CatalogHead | undefined> {
    const before = base === undefined ? new Map<string, string>() : await this.files(base.tree);
    for (const [path, digest] of files) {
      if (before.get(path) === digest) continue;
      if ((await putBlob(this.#kv, await bytes(path))) === digest) continue;
      throw new Failure('conflict', 'was changed while it was shared with the fleet', { place: { file: path } });
    }
    const tree = await this.#putTree(files);
    const number = (base?.number ?? 0) + 1;
    const changed = about.changed.slice(0, MOST_NAMED);
    // Whether a commit that was not answered counts is seen by this.
    const attempt = randomBytes(8).toString('hex');
    const value = JSON.stringify({ ...about, number, tree, changed, attempt });
    const condition: Condition =
      base === undefined ? { key: HEAD, is: 'absent' } : { key: HEAD, is: 'unchanged', changed: base.revision };
    const made = { number, tree, ...about, changed };
    try {
      const then = [HEAD, `catalog/${number}`].map((put) => ({ put, value }));
      const { done, revision } = await this.#kv.commit({ if: [condition], then });
      if (!done) return undefined;
      this.#known = { tree, files };
      return { ...made, revision };
    } catch (error) {
      if (!(error instanceof Unanswered) || !error.maybe) throw error;
      const entry = await this.#kv.get(`catalog/${number}`);
      if (entry?.value !== value) return undefined;
      return { ...made, revision: entry.changed };
    }
  }

  async #putTree(files: FileTree): Promise<string> {
    const buckets = new Map<number, Line[]>();
    for (const line of files) {
      const name = Number.parseInt(digestOf(Buffer.from(line[0])).slice(0, 8), 16) % BUCKETS;
      const bucket = buckets.get(name) ?? [];
      bucket.push(line);
      buckets.set(name, bucket);
    }
    const list: Line[] = [];
    for (const [name, bucket] of buckets) {
      const text = textOf(bucket);
      const digest = digestOf(text);
      if (!this.#buckets.has(digest)) await putBlob(this.#kv, text);
      list.push([String(name), digest]);
    }
    return await putBlob(this.#kv, textOf(list));
  }
}

/** A name and a digest. */
type Line = readonly [string, string];

/** As sha256sum writes it: a digest and a name on each line, sorted by name. */
function textOf(lines: readonly Line[]): Buffer {
  const sorted = lines.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(sorted.map(([name, digest]) => `${digest}  ${name}\n`).join(''));
}

function linesOf(text: Buffer): Line[] {
  return text
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(66), line.slice(0, 64)] as const);
}

function readVersion(text: string, key: string): CatalogVersion {
  try {
    const { number, tree, at, server, why, changed } = JSON.parse(text) as CatalogVersion;
    if (Number.isInteger(number) && /^[0-9a-f]{64}$/.test(tree) && Array.isArray(changed))
      return { number, tree, at, server, why, changed };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Failure('broken', `the fleet's memory holds something else at ${key} than a version of the catalog`, {
    remedy: 'a newer Pilotlight wrote it, or a hand: update this server, or `pilotlight fleet check`',
  });
}
