import type Database from 'better-sqlite3';
import type { MachineKey } from '../model/machine.ts';
import type { MachineHistory, MachinePage, MachineQuery, SyncRunView } from '../model/views.ts';
import { Ageing } from './ageing.ts';
import { answer, type AskName } from './asks.ts';
import { countOf, type Entry } from './entry.ts';
import { EventWriter, type Saved } from './event-writer.ts';
import type { KnownNode } from './journal.ts';
import { KnownNodes } from './known-nodes.ts';
import { MachineHistories } from './machine-histories.ts';
import { MachinePages } from './machine-pages.ts';
import { MachineTable } from './machine-record.ts';
import { SentTexts } from './sent-texts.ts';
import { SyncRuns } from './sync-runs.ts';
import { troubleOf } from './trouble.ts';
import { Unlisted, type UnlistedLimits } from './unlisted.ts';

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
