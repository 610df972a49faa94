import type { EventEntry } from './queue.ts';
import { type Database, prepare } from './sqlite.ts';

/** A client that boots says who it is within this time. */
export const UNATTRIBUTED_MS = 300_000;
/** A port scanner's questions must not fill the disk. */
const MOST = 10_000;
/** So many make room at once. */
const ROOM = 500;

export type UnattributedEvents = ReturnType<typeof openUnattributedEvents>;

/**
 * Events that wait for their machine: what an address did before a machine named itself from there (`whose` is the
 * address), and what operators did to a machine that was never seen (`key:` and its key).
 */
export function openUnattributedEvents(db: Database) {
  const insert = prepare<[string, number, string]>(db, 'INSERT INTO stray (whose, at, entry) VALUES (?, ?, ?)');
  const select = prepare<[string, number], { entry: string }>(
    db,
    'SELECT entry FROM stray WHERE whose = ? AND at >= ? ORDER BY id',
  );
  const remove = prepare<[string]>(db, 'DELETE FROM stray WHERE whose = ?');
  const expire = prepare<[number]>(db, "DELETE FROM stray WHERE at < ? AND whose NOT LIKE 'key:%'");
  // What an operator did goes last.
  const removeOldest = prepare<[number]>(
    db,
    `DELETE FROM stray WHERE id IN
     (SELECT id FROM stray ORDER BY whose LIKE 'key:%', entry LIKE '%"kind":"operator"%', id LIMIT ?)`,
  );
  const count = prepare<[], { n: number }>(db, 'SELECT count(*) AS n FROM stray');
  let size = count.get()?.n ?? 0;

  /** Counts anew: a transaction was rolled back, or rows went otherwise. */
  function forget(): void {
    size = count.get()?.n ?? 0;
  }

  return {
    /** When there are too many, the oldest make room: the machine that asks now may say who it is in a moment. */
    keep(whose: string, entry: EventEntry): void {
      if (size >= MOST) {
        expire.run(entry.at - UNATTRIBUTED_MS);
        forget();
        if (size >= MOST) size -= removeOldest.run(ROOM).changes;
      }
      insert.run(whose, entry.at, pack(entry));
      size += 1;
    },
    /** Those since then, in their order. All that belong there are gone afterwards. */
    take(whose: string, since: number): readonly EventEntry[] {
      if (size === 0) return [];
      const found = select.all(whose, since).map(({ entry }) => unpack(entry));
      size -= remove.run(whose).changes;
      return found;
    },
    forget,
  };
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
