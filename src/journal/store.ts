import type Database from 'better-sqlite3';
import type { MachineKey } from '../domain/machine.ts';
import type { MachineHistory, MachinePage, MachineQuery, SyncRunView } from '../domain/views.ts';
import { Ageing } from './ageing.ts';
import { answer, type AskName } from './asks.ts';
import { countOf, type Entry } from './entry.ts';
import { EventWriter } from './event-writer.ts';
import type { KnownNode } from './journal.ts';
import { KnownNodes } from './known-nodes.ts';
import { MachineHistories } from './machine-histories.ts';
import { MachinePages } from './machine-pages.ts';
import { MachineTable } from './machine-record.ts';
import { SentTexts } from './sent-texts.ts';
import { SyncRuns } from './sync-runs.ts';
import { troubleOf } from './trouble.ts';

export interface StoreOptions {
  /** How long events are kept. */
  readonly days: number;
  readonly mostMachines?: number;
}

export interface Written {
  /** The machines that the batch was about. */
  readonly machines: readonly MachineKey[];
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

  constructor(db: Database.Database, { days, mostMachines }: StoreOptions) {
    this.#db = db;
    const machines = new MachineTable(db);
    this.#machines = machines;
    machines.texts.load();
    this.#known = new KnownNodes(db, machines);
    this.#texts = new SentTexts(db);
    const parts = { machines, known: this.#known, texts: this.#texts };
    this.#writer = new EventWriter(db, mostMachines === undefined ? parts : { ...parts, mostMachines });
    this.#runs = new SyncRuns(db);
    this.#pages = new MachinePages(db, machines.texts);
    this.#histories = new MachineHistories(db, machines);
    this.#ageing = new Ageing(db, days);
  }

  /** All or nothing, unless an entry is at fault: then the others one by one. */
  write(entries: readonly Entry[]): Written {
    try {
      return this.#batch(entries);
    } catch (error) {
      if (troubleOf(error, '') !== undefined) throw error;
      const mistake = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
      if (entries.length < 2) return { machines: [], lost: countOf(entries), mistake };
      const parts = entries.map((entry) => this.write([entry]));
      const machines = new Set(parts.flatMap((part) => part.machines));
      return { machines: [...machines], lost: parts.reduce((sum, { lost }) => sum + lost, 0), mistake };
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
      const lost = entries.filter((entry) => {
        if (!('step' in entry)) return !this.#writer.write(entry);
        this.#runs.write(entry.step);
        return false;
      });
      return { machines: this.#writer.save(), lost: countOf(lost) };
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
