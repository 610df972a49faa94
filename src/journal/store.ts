import type Database from 'better-sqlite3';
import type { SyncStep } from '../model/journal-event.ts';
import type { MachineKey } from '../model/machine.ts';
import type { SyncEvent } from '../model/sync-event.ts';
import type {
  BootView,
  MachineHistory,
  MachinePage,
  MachineQuery,
  SyncRunView,
  TimelineEvent,
} from '../model/views.ts';
import { Ageing } from './ageing.ts';
import { answer, type AskName, type BootRecord } from './life.ts';
import { present, rowView } from './event-table.ts';
import { type EventRow, transferLine, whole } from './event-words.ts';
import { EventWriter, type Saved } from './event-writer.ts';
import type { KnownNode } from './journal.ts';
import { KnownNodes } from './known-nodes.ts';
import { MachinePages } from './machine-pages.ts';
import { type MachineRecord, MachineTable } from './machine-record.ts';
import { countOf, type Entry, slotOf } from './queue.ts';
import { SentTexts } from './texts.ts';
import { troubleOf } from './trouble.ts';
import { Unlisted, type UnlistedLimits } from './unlisted.ts';

const BOOTS = 20;
const EVENTS = 200;

interface StoredEvent extends EventRow {
  readonly id: number;
  readonly digest: Buffer | null;
}

/** What happened to one machine. */
class MachineHistories {
  readonly #machines: MachineTable;
  readonly #boots: Database.Statement<[number, number], BootRecord>;
  readonly #events: Database.Statement<[number, number], StoredEvent>;

  constructor(db: Database.Database, machines: MachineTable) {
    this.#machines = machines;
    this.#boots = db.prepare('SELECT * FROM boot WHERE machine = ? ORDER BY id DESC LIMIT ?');
    // The newest: of a machine in a loop the last words tell more than the first.
    this.#events = db.prepare('SELECT * FROM event WHERE boot = ? ORDER BY id DESC LIMIT ?');
  }

  of(key: MachineKey, now: number): MachineHistory | undefined {
    const record = this.#machines.byKey(key);
    if (record === undefined) return undefined;
    const boots = this.#boots.all(record.id, BOOTS);
    return { row: rowView(record, now), boots: boots.map((boot) => this.#boot(boot, record)) };
  }

  #boot(boot: BootRecord, machine: MachineRecord): BootView {
    const { id, at, profile, version, ms, up_at: upAt } = boot;
    const events = this.#events.all(id, EVENTS).map(eventView);
    return {
      id,
      at,
      // It has asked and was told nothing yet.
      outcome: boot.outcome ?? (machine.state === 'unknown' ? 'unknown' : 'waiting'),
      ...present({ profile, version, ms, upAt }),
      events: events.sort((a, b) => a.at - b.at || a.id - b.id),
    };
  }
}

function eventView(row: StoredEvent): TimelineEvent {
  const { id, at, kind, line, what, ms, bytes, status, ok, times, digest } = row;
  return {
    id,
    at,
    kind,
    text: line ?? transferLine(row),
    ok: ok === 1,
    times,
    ...present({ what, ms, bytes, status, digest: digest?.toString('hex') }),
  };
}

/** A run has a few dozen; one that goes round in circles must not fill the disk. */
const MOST_STEPS = 5000;

/** Runs of the release sync, with their steps. */
class SyncRuns {
  readonly #begin: Database.Statement<[number]>;
  readonly #step: Database.Statement<[number, number, string | null, string, number, number]>;
  readonly #fail: Database.Statement<[number]>;
  readonly #end: Database.Statement<[number, number, number]>;
  readonly #runs: Database.Statement<[number], { run: number; ended_at: number | null; failed: number }>;
  readonly #steps: Database.Statement<[number], { at: number; event: string }>;

  constructor(db: Database.Database) {
    this.#begin = db.prepare('INSERT INTO sync_run (run, failed) VALUES (?, 0) ON CONFLICT DO NOTHING');
    this.#step = db.prepare(
      `INSERT INTO sync_step (run, at, slot, event)
       SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM sync_step WHERE run = ?) < ?
       ON CONFLICT (run, slot) DO UPDATE SET at = excluded.at, event = excluded.event`,
    );
    this.#fail = db.prepare('UPDATE sync_run SET failed = failed + 1 WHERE run = ? AND ended_at IS NULL');
    this.#end = db.prepare('UPDATE sync_run SET ended_at = ?, failed = ? WHERE run = ?');
    this.#runs = db.prepare('SELECT run, ended_at, failed FROM sync_run ORDER BY run DESC LIMIT ?');
    this.#steps = db.prepare('SELECT at, event FROM sync_step WHERE run = ? ORDER BY id');
  }

  write({ run: began, at: moment, event }: SyncStep): void {
    const [run, at] = [whole(began), whole(moment)];
    this.#begin.run(run);
    // The end is always written: it says what came of the run.
    const most = event.kind === 'done' ? Number.MAX_SAFE_INTEGER : MOST_STEPS;
    this.#step.run(run, at, slotOf(event), JSON.stringify(event), run, most);
    if (event.kind === 'failed') this.#fail.run(run);
    if (event.kind === 'done') this.#end.run(at, event.report.failed, run);
  }

  /** Newest first. */
  list(limit: number): readonly SyncRunView[] {
    return this.#runs.all(limit).map(({ run, ended_at, failed }) => ({
      run,
      ...(ended_at === null ? {} : { endedAt: ended_at }),
      failed,
      steps: this.#steps.all(run).map(({ at, event }) => ({ at, event: JSON.parse(event) as SyncEvent })),
    }));
  }
}

export interface StoreOptions {
  /** How long events are kept. */
  readonly days: number;
  /** Of machines that no profile names. */
  readonly unlisted?: UnlistedLimits;
}

export interface Written extends Saved {
  readonly lost: number;
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
  readonly #db: Database.Database;
  readonly #machines: MachineTable;
  readonly #known: KnownNodes;
  readonly #texts: SentTexts;
  readonly #writer: EventWriter;
  readonly #runs: SyncRuns;
  readonly #pages: MachinePages;
  readonly #histories: MachineHistories;
  readonly #ageing: Ageing;

  constructor(db: Database.Database, { days, unlisted: limits }: StoreOptions) {
    this.#db = db;
    const machines = new MachineTable(db);
    this.#machines = machines;
    machines.texts.load();
    this.#known = new KnownNodes(db, machines);
    this.#texts = new SentTexts(db);
    const unlisted = new Unlisted(db, machines.texts, limits);
    this.#writer = new EventWriter(db, { machines, known: this.#known, texts: this.#texts, unlisted });
    this.#runs = new SyncRuns(db);
    this.#pages = new MachinePages(db, machines.texts);
    this.#histories = new MachineHistories(db, machines);
    this.#ageing = new Ageing(db, days, unlisted);
  }

  /** All or nothing, unless an entry is at fault: then the others one by one. */
  write(entries: readonly Entry[]): Written {
    try {
      return this.#batch(entries);
    } catch (error) {
      if (troubleOf(error, '') !== undefined) throw error;
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
    return this.#pages.page(query, now);
  }

  machine(key: MachineKey, now: number): MachineHistory | undefined {
    return this.#histories.of(key, now);
  }

  sent(digest: string): Uint8Array | undefined {
    return this.#texts.get(digest);
  }

  syncRuns(limit: number): readonly SyncRunView[] {
    return this.#runs.list(limit);
  }

  /** True when there is more to do. */
  age(now: number): boolean {
    const more = this.#ageing.slice(now);
    if (more) {
      this.#writer.forget();
      this.#texts.forget();
    }
    return more;
  }

  ask(name: AskName, args: unknown): unknown {
    return answer(this.#db, name, args);
  }

  close(): void {
    this.#db.close();
  }

  #batch(entries: readonly Entry[]): Written {
    return this.#transaction(() => {
      for (const entry of entries) {
        if ('step' in entry) this.#runs.write(entry.step);
        else this.#writer.write(entry);
      }
      return { ...this.#writer.save(), lost: 0 };
    });
  }

  #transaction<T>(work: () => T): T {
    try {
      return this.#db.transaction(work).immediate();
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** After a rollback what is remembered of the tables is no longer true. */
  #forget(): void {
    try {
      this.#writer.forget();
      this.#machines.texts.forget();
      this.#known.reload();
      this.#texts.forget();
    } catch {
      // A database that cannot even be read is closed by whoever hears the error that brought us here.
    }
  }
}

const NOTHING: Written = { machines: [], newcomers: 0, removed: 0, lost: 0 };

function together(a: Written, b: Written): Written {
  return {
    ...a,
    ...b,
    machines: [...new Set([...a.machines, ...b.machines])],
    newcomers: a.newcomers + b.newcomers,
    removed: a.removed + b.removed,
    lost: a.lost + b.lost,
  };
}
