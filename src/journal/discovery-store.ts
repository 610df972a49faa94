import type Database from 'better-sqlite3';
import type { DiscoveryChange, StoredDiscovery, StoredMember, StoredToken } from '../model/discovery.ts';

/** The tables of etcd discovery. `id` is 1: all tokens are numbered together. */
export const DISCOVERY_SCHEMA = `
  CREATE TABLE IF NOT EXISTS discovery_counter (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    highest INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS discovery_token (
    token TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_index INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    removed_index INTEGER NOT NULL,
    cluster TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS discovery_member (
    token TEXT NOT NULL REFERENCES discovery_token (token) ON DELETE CASCADE,
    id TEXT NOT NULL,
    value TEXT NOT NULL,
    created_index INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (token, id)
  ) STRICT, WITHOUT ROWID;
`;

interface TokenRow {
  readonly token: string;
  readonly url: string;
  readonly size: number;
  readonly created_index: number;
  readonly created_at: number;
  readonly complete: number;
  readonly removed_index: number;
  readonly cluster: string | null;
}

interface MemberRow {
  readonly token: string;
  readonly id: string;
  readonly value: string;
  readonly created_index: number;
  readonly confirmed: number;
}

/** Everything that is kept. */
export function readDiscovery(db: Database.Database): StoredDiscovery {
  const adminClient = db.prepare<[], { highest: number }>('SELECT highest FROM discovery_counter').get();
  const members = new Map<string, StoredMember[]>();
  for (const row of db.prepare<[], MemberRow>('SELECT * FROM discovery_member ORDER BY created_index').all()) {
    const { id, value, created_index: createdIndex } = row;
    const list = members.get(row.token) ?? [];
    list.push({ id, value, createdIndex, confirmed: row.confirmed === 1 });
    members.set(row.token, list);
  }
  const tokens = db.prepare<[], TokenRow>('SELECT * FROM discovery_token ORDER BY created_index').all();
  return {
    index: adminClient?.highest ?? 0,
    tokens: tokens.map((row): StoredToken => ({
      token: row.token,
      url: row.url,
      size: row.size,
      createdIndex: row.created_index,
      createdAt: row.created_at,
      complete: row.complete === 1,
      removedIndex: row.removed_index,
      ...(row.cluster === null ? {} : { cluster: row.cluster }),
      members: members.get(row.token) ?? [],
    })),
  };
}

/** One change, in one transaction. It is on the disk when this returns, if the connection has `synchronous=FULL`. */
export function writeDiscovery(db: Database.Database, change: DiscoveryChange): void {
  db.transaction(() => {
    apply(db, change);
    db.prepare(
      `INSERT INTO discovery_counter (id, highest) VALUES (1, ?)
       ON CONFLICT (id) DO UPDATE SET highest = max(highest, excluded.highest)`,
    ).run(change.index);
  }).immediate();
}

function apply(db: Database.Database, change: DiscoveryChange): void {
  switch (change.kind) {
    case 'created': {
      const { token, url, size, createdIndex, createdAt, complete, removedIndex, cluster } = change.token;
      const row = [token, url, size, createdIndex, createdAt, Number(complete), removedIndex, cluster ?? null];
      db.prepare('INSERT OR REPLACE INTO discovery_token VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(row);
      return;
    }
    case 'registered': {
      const { token, member, complete } = change;
      const row = [token, member.id, member.value, member.createdIndex, Number(member.confirmed)];
      db.prepare('INSERT OR REPLACE INTO discovery_member VALUES (?, ?, ?, ?, ?)').run(row);
      if (complete) db.prepare('UPDATE discovery_token SET complete = 1 WHERE token = ?').run(token);
      return;
    }
    case 'confirmed':
      db.prepare('UPDATE discovery_member SET confirmed = 1 WHERE token = ? AND id = ?').run(change.token, change.id);
      return;
    case 'removed':
      db.prepare('DELETE FROM discovery_member WHERE token = ? AND id = ?').run(change.token, change.id);
      db.prepare('UPDATE discovery_token SET removed_index = ? WHERE token = ?').run(change.index, change.token);
      return;
    case 'forgotten':
      db.prepare('DELETE FROM discovery_member WHERE token = ?').run(change.token);
      db.prepare('DELETE FROM discovery_token WHERE token = ?').run(change.token);
  }
}
