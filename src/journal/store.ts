import type { DiscoveryChange, StoredDiscovery, StoredMember, StoredToken } from '../model/discovery.ts';
import type { LogPage, LogQuery } from '../model/machine-views.ts';
import type { SyncStep } from '../model/journal-event.ts';
import type { MachineKey } from '../model/machine.ts';
import type { SyncEvent } from '../model/sync-event.ts';
import type { SyncRunView } from '../model/release-views.ts';
import type { MachinePage, MachineQuery, RecordedMachine } from '../model/views.ts';
import type { ActivityQuery, RecordedActivity } from '../model/operator.ts';
import { openActivity } from './activity-table.ts';
import { openAgeing, openUnlisted, type UnlistedLimits } from './ageing.ts';
import { databaseFailure } from './database-failure.ts';
import { openSentTexts, type SentTexts, whole } from './event-table.ts';
import { EventWriter, type Saved } from './event-writer.ts';
import type { KnownNode } from './journal.ts';
import { KnownNodes } from './known-nodes.ts';
import { openLogTable } from './log-table.ts';
import { MachinePages } from './machine-pages.ts';
import { type MachineTable, openMachineTable } from './machine-record.ts';
import { openHistories } from './machine-views.ts';
import { countOf, type Entry, slotOf } from './queue.ts';
import { type Database, prepare, transaction } from './sqlite.ts';

export interface StoreOptions {
  /** How long events are kept; the texts that machines were sent 30 days at most. */
  readonly days: number;
  /** How many machines that no profile names are kept. */
  readonly unlisted?: UnlistedLimits;
}

/** What became of a batch. */
export interface Written extends Saved {
  readonly lost: number;
  /** Lines of logs that no known machine said, and from where the last of them came. */
  readonly strange?: { readonly lines: number; readonly from: string };
  /** A mistake in an event, or in this program, that kept one from being written. */
  readonly mistake?: string;
}

/** Part of the list of nodes; the last part says that it is whole. */
export interface KnownPart {
  readonly nodes: readonly KnownNode[];
  readonly round: number;
  readonly last: boolean;
}

/** The journal's tables, read and written at once on the calling thread. Errors are SQLite's own. */
export class Store {
  readonly #db: Database;
  readonly #machines: MachineTable;
  readonly #known: KnownNodes;
  readonly #texts: SentTexts;
  readonly #writer: EventWriter;
  readonly #runs: ReturnType<typeof openSyncRuns>;
  readonly #activity: ReturnType<typeof openActivity>;
  readonly #logs: ReturnType<typeof openLogTable>;
  readonly #pages: MachinePages;
  readonly #history: ReturnType<typeof openHistories>;
  readonly #ageSlice: ReturnType<typeof openAgeing>;

  constructor(db: Database, { days, unlisted: limits }: StoreOptions) {
    this.#db = db;
    const machines = openMachineTable(db);
    // Now, so that the first search need not wait for it.
    machines.texts.load();
    const unlisted = openUnlisted(db, machines.texts, limits);
    this.#machines = machines;
    this.#known = new KnownNodes(db, machines);
    this.#texts = openSentTexts(db);
    this.#writer = new EventWriter(db, { machines, known: this.#known, texts: this.#texts, unlisted });
    this.#logs = openLogTable(db, this.#writer.addresses);
    this.#runs = openSyncRuns(db);
    this.#activity = openActivity(db);
    this.#pages = new MachinePages(db, machines.texts);
    this.#history = openHistories(db, machines);
    this.#ageSlice = openAgeing(db, days, unlisted);
  }

  /** All or nothing, unless an entry is at fault: then the others one by one. */
  write(entries: readonly Entry[]): Written {
    try {
      return this.#transaction(() => {
        const logging = new Set<MachineKey>();
        const strangers: string[] = [];
        for (const entry of entries) {
          if ('log' in entry) {
            const key = this.#logs.write(entry.log);
            if (key === undefined) strangers.push(entry.log.from);
            else logging.add(key);
          } else if ('step' in entry) this.#runs.write(entry.step);
          else if ('activity' in entry) this.#activity.write(entry.activity);
          else this.#writer.write(entry);
        }
        const saved = this.#writer.save();
        if (saved.removed > 0) this.#logs.forget();
        const machines = [...new Set([...saved.machines, ...logging])];
        const from = strangers.at(-1);
        return {
          ...saved,
          machines,
          lost: 0,
          ...(from !== undefined && { strange: { lines: strangers.length, from } }),
        };
      });
    } catch (error) {
      if (databaseFailure(error, '') !== undefined) throw error;
      const mistake = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
      if (entries.length < 2) return { ...NOTHING, lost: countOf(entries), mistake };
      const parts = entries.map((entry) => this.write([entry]));
      return { ...parts.reduce(together, NOTHING), mistake };
    }
  }

  know({ nodes, round, last }: KnownPart, now: number): void {
    this.#transaction(() => {
      this.#known.add(nodes, round, now);
      if (last) this.#known.finish(round, now);
    });
  }

  machines(query: MachineQuery, now: number): MachinePage {
    return { ...this.#pages.page(query, now), ...this.#writer.profileBoots.list(query) };
  }

  machine(key: MachineKey, now: number): RecordedMachine | undefined {
    return this.#history(key, now);
  }

  logLines(key: MachineKey, query: LogQuery): LogPage | undefined {
    return this.#logs.page(key, query);
  }

  sent(digest: string): Uint8Array | undefined {
    return this.#texts.get(digest);
  }

  syncRuns(limit: number): readonly SyncRunView[] {
    return this.#runs.list(limit);
  }

  activities(query: ActivityQuery): readonly RecordedActivity[] {
    return this.#activity.page(query);
  }

  readDiscovery(): StoredDiscovery {
    return transaction(this.#db, () => readDiscovery(this.#db), 'DEFERRED');
  }

  /** On the disk (fsync) when this returns. */
  writeDiscovery(change: DiscoveryChange): void {
    // May not be changed inside a transaction. Everything else here can afford to lose its last second.
    this.#db.exec('PRAGMA synchronous = FULL');
    try {
      writeDiscovery(this.#db, change);
    } finally {
      this.#db.exec('PRAGMA synchronous = NORMAL');
    }
  }

  /** True when there is more to do. */
  age(now: number): boolean {
    const more = this.#ageSlice(now);
    if (more) {
      this.#writer.forget();
      this.#logs.forget();
    }
    return more;
  }

  close(): void {
    this.#db.close();
  }

  #transaction<T>(work: () => T): T {
    try {
      return transaction(this.#db, work);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** After a rollback what is remembered of the tables is no longer true. */
  #forget(): void {
    try {
      this.#writer.forget();
      this.#logs.forget();
      this.#machines.texts.forget();
      this.#known.reload();
    } catch {
      // A database that cannot even be read is closed by the caller, who gets the error that brought us here.
    }
  }
}

const NOTHING: Written = { machines: [], newcomers: 0, removed: 0, byProfile: false, lost: 0 };

function together(a: Written, b: Written): Written {
  return {
    ...a,
    ...b,
    machines: [...new Set([...a.machines, ...b.machines])],
    newcomers: a.newcomers + b.newcomers,
    removed: a.removed + b.removed,
    byProfile: a.byProfile || b.byProfile,
    lost: a.lost + b.lost,
    ...(b.strange && { strange: { ...b.strange, lines: b.strange.lines + (a.strange?.lines ?? 0) } }),
  };
}

/** A run has a few dozen; one that goes round in circles must not fill the disk. */
const MOST_STEPS = 5000;

/** Runs of the release sync, with their steps. */
function openSyncRuns(db: Database) {
  const begin = prepare<[number]>(db, 'INSERT INTO sync_run (run, failed) VALUES (?, 0) ON CONFLICT DO NOTHING');
  const step = prepare<[number, number, string | null, string, number, number]>(
    db,
    `INSERT INTO sync_step (run, at, slot, event)
     SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM sync_step WHERE run = ?) < ?
     ON CONFLICT (run, slot) DO UPDATE SET at = excluded.at, event = excluded.event`,
  );
  const fail = prepare<[number]>(db, 'UPDATE sync_run SET failed = failed + 1 WHERE run = ? AND ended_at IS NULL');
  const end = prepare<[number, number, number]>(db, 'UPDATE sync_run SET ended_at = ?, failed = ? WHERE run = ?');
  const runs = prepare<[number], { run: number; ended_at: number | null; failed: number }>(
    db,
    'SELECT run, ended_at, failed FROM sync_run ORDER BY run DESC LIMIT ?',
  );
  const steps = prepare<[number], { at: number; event: string }>(
    db,
    'SELECT at, event FROM sync_step WHERE run = ? ORDER BY id',
  );
  return {
    write({ run: began, at: moment, event }: SyncStep): void {
      const [run, at] = [whole(began), whole(moment)];
      begin.run(run);
      // The end is always written: it says what came of the run.
      const most = event.kind === 'done' ? Number.MAX_SAFE_INTEGER : MOST_STEPS;
      step.run(run, at, slotOf(event), JSON.stringify(event), run, most);
      if (event.kind === 'failed') fail.run(run);
      if (event.kind === 'done') end.run(at, event.report.failed, run);
    },
    /** Newest first. */
    list(limit: number): readonly SyncRunView[] {
      return runs.all(limit).map(({ run, ended_at, failed }) => ({
        ...{ run, endedAt: ended_at ?? undefined, failed },
        steps: steps.all(run).map(({ at, event }) => ({ at, event: JSON.parse(event) as SyncEvent })),
      }));
    },
  };
}

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
export function readDiscovery(db: Database): StoredDiscovery {
  const counter = prepare<[], { highest: number }>(db, 'SELECT highest FROM discovery_counter').get();
  const members = new Map<string, StoredMember[]>();
  for (const row of prepare<[], MemberRow>(db, 'SELECT * FROM discovery_member ORDER BY created_index').all()) {
    const { id, value, created_index: createdIndex } = row;
    const list = members.get(row.token) ?? [];
    list.push({ id, value, createdIndex, confirmed: row.confirmed === 1 });
    members.set(row.token, list);
  }
  const tokens = prepare<[], TokenRow>(db, 'SELECT * FROM discovery_token ORDER BY created_index').all();
  return {
    index: counter?.highest ?? 0,
    tokens: tokens.map((row): StoredToken => ({
      token: row.token,
      url: row.url,
      size: row.size,
      createdIndex: row.created_index,
      createdAt: row.created_at,
      complete: row.complete === 1,
      removedIndex: row.removed_index,
      cluster: row.cluster ?? undefined,
      members: members.get(row.token) ?? [],
    })),
  };
}

/** One change, in one transaction. It is on the disk when this returns, if the connection has `synchronous=FULL`. */
export function writeDiscovery(db: Database, change: DiscoveryChange): void {
  transaction(db, () => {
    apply(db, change);
    prepare(
      db,
      `INSERT INTO discovery_counter (id, highest) VALUES (1, ?)
       ON CONFLICT (id) DO UPDATE SET highest = max(highest, excluded.highest)`,
    ).run(change.index);
  });
}

function apply(db: Database, change: DiscoveryChange): void {
  switch (change.kind) {
    case 'created': {
      const { token, url, size, createdIndex, createdAt, complete, removedIndex, cluster } = change.token;
      const row = [token, url, size, createdIndex, createdAt, Number(complete), removedIndex, cluster ?? null];
      prepare(db, 'INSERT OR REPLACE INTO discovery_token VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(...row);
      return;
    }
    case 'registered': {
      const { token, member, complete } = change;
      const row = [token, member.id, member.value, member.createdIndex, Number(member.confirmed)];
      prepare(db, 'INSERT OR REPLACE INTO discovery_member VALUES (?, ?, ?, ?, ?)').run(...row);
      if (complete) prepare(db, 'UPDATE discovery_token SET complete = 1 WHERE token = ?').run(token);
      return;
    }
    case 'confirmed':
      prepare(db, 'UPDATE discovery_member SET confirmed = 1 WHERE token = ? AND id = ?').run(change.token, change.id);
      return;
    case 'removed':
      prepare(db, 'DELETE FROM discovery_member WHERE token = ? AND id = ?').run(change.token, change.id);
      prepare(db, 'UPDATE discovery_token SET removed_index = ? WHERE token = ?').run(change.index, change.token);
      return;
    case 'forgotten':
      prepare(db, 'DELETE FROM discovery_member WHERE token = ?').run(change.token);
      prepare(db, 'DELETE FROM discovery_token WHERE token = ?').run(change.token);
  }
}
