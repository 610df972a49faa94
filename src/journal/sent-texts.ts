import type Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

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
