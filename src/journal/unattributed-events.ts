import type Database from 'better-sqlite3';
import type { EventEntry } from './queue.ts';

/** Who asks from an address says who it is within this time, or that was not a machine that boots. */
export const STRAY_MS = 300_000;
/** A port scanner's questions have no owner either, and must not fill the disk. */
const MOST = 10_000;
/** So many make room at once. */
const ROOM = 500;

/**
 * Events that wait for their machine: what an address did before a machine named itself from there (`whose` is the
 * address), and what operators did to a machine that was never seen (`key:` and its key).
 */
export class UnattributedEvents {
  readonly #insert: Database.Statement<[string, number, string]>;
  readonly #select: Database.Statement<[string, number], { entry: string }>;
  readonly #remove: Database.Statement<[string]>;
  readonly #expire: Database.Statement<[number]>;
  readonly #oldest: Database.Statement<[number]>;
  readonly #count: Database.Statement<[], { n: number }>;
  #size: number;

  constructor(db: Database.Database) {
    this.#insert = db.prepare('INSERT INTO stray (whose, at, entry) VALUES (?, ?, ?)');
    this.#select = db.prepare('SELECT entry FROM stray WHERE whose = ? AND at >= ? ORDER BY id');
    this.#remove = db.prepare('DELETE FROM stray WHERE whose = ?');
    this.#expire = db.prepare("DELETE FROM stray WHERE at < ? AND whose NOT LIKE 'key:%'");
    // What an operator did goes last.
    this.#oldest = db.prepare(
      `DELETE FROM stray WHERE id IN
       (SELECT id FROM stray ORDER BY whose LIKE 'key:%', entry LIKE '%"kind":"operator"%', id LIMIT ?)`,
    );
    this.#count = db.prepare('SELECT count(*) AS n FROM stray');
    this.#size = this.#count.get()?.n ?? 0;
  }

  /** When there are too many, the oldest make room: the machine that asks now may say who it is in a moment. */
  keep(whose: string, entry: EventEntry): void {
    if (this.#size >= MOST) {
      this.#expire.run(entry.at - STRAY_MS);
      this.forget();
      if (this.#size >= MOST) this.#size -= this.#oldest.run(ROOM).changes;
    }
    this.#insert.run(whose, entry.at, pack(entry));
    this.#size += 1;
  }

  /** Those since then, in their order. All that belong there are gone afterwards. */
  take(whose: string, since: number): readonly EventEntry[] {
    if (this.#size === 0) return [];
    const found = this.#select.all(whose, since).map(({ entry }) => unpack(entry));
    this.#size -= this.#remove.run(whose).changes;
    return found;
  }

  /** Counts anew: a transaction was rolled back, or rows went otherwise. */
  forget(): void {
    this.#size = this.#count.get()?.n ?? 0;
  }
}

/** A script that was asked for by the profile's name alone has a body, too. */
function pack({ event, ...entry }: EventEntry): string {
  const body = 'body' in event ? { body: Buffer.from(event.body).toString('base64') } : {};
  return JSON.stringify({ ...entry, event: { ...event, ...body } });
}

function unpack(text: string): EventEntry {
  const entry = JSON.parse(text) as EventEntry;
  const { body } = entry.event as { readonly body?: string };
  if (body === undefined) return entry;
  return { ...entry, event: { ...entry.event, body: Buffer.from(body, 'base64') } as EventEntry['event'] };
}
