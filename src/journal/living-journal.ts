import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../model/failure.ts';
import type { JournalEvent, SyncStep } from '../model/journal-event.ts';
import type { MachineKey } from '../model/machine.ts';
import type { Log } from '../model/service.ts';
import type { MachineHistory, MachinePage, MachineQuery, SyncRunView } from '../model/views.ts';
import { Flood } from './flood.ts';
import type { Request, Requests } from './host.ts';
import type { Journal, JournalStatus, KnownNode } from './journal.ts';
import type { AskName, Durable } from './life.ts';
import { LossCount } from './losses.ts';
import { Outbox } from './outbox.ts';
import type { Backend } from './protocol.ts';
import { countOf, type Entry, type QueueLimits } from './queue.ts';
import { Trouble } from './trouble.ts';

const FIRST_MS = 60_000;

/** Calls `age` every `ageMs`, and soon after the start: a server that is restarted every hour ages its journal, too. */
function startAgeingClock(ageMs: number, age: () => void): () => void {
  const first = setTimeout(age, Math.min(FIRST_MS, ageMs)).unref();
  const again = setInterval(age, ageMs).unref();
  return () => {
    clearTimeout(first);
    clearInterval(again);
  };
}

/** A crash loses no more than this and what is on its way. */
const FLUSH_MS = 250;
const RETRY_MS = 60_000;
const AGE_MS = 3_600_000;
/** Between two slices of ageing others get their turn. */
const AGE_PAUSE_MS = 50;
const TRIES = 3;
const NODES_AT_ONCE = 1000;

export interface JournalTimes {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly flushMs?: number;
  /** After which a database that could not be used is tried again. */
  readonly retryMs?: number;
  readonly ageMs?: number;
  readonly limits?: QueueLimits;
}

type State = 'new' | 'opening' | 'on' | 'off' | 'stopped';

/** The journal in front of its database. */
export class LivingJournal implements Journal, Durable {
  readonly name = 'journal';
  readonly #backend: Backend;
  readonly #log: Log;
  readonly #times: Required<Omit<JournalTimes, 'limits'>>;
  readonly #outbox: Outbox;
  readonly #listeners = new Set<(machines: ReadonlySet<MachineKey>) => void>();
  readonly #over = new AbortController();
  #state: State = 'new';
  #why = 'it has not been started';
  #cause = '';
  #opening: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #endAgeing: (() => void) | undefined;
  readonly #losses = new LossCount();
  readonly #flood = new Flood();
  #nodes: readonly KnownNode[] | undefined;
  #round = 0;

  constructor(backend: Backend, log: Log, { limits, ...times }: JournalTimes) {
    this.#backend = backend;
    this.#log = log;
    this.#times = { now: Date.now, flushMs: FLUSH_MS, retryMs: RETRY_MS, ageMs: AGE_MS, ...times };
    this.#outbox = new Outbox({
      flushMs: this.#times.flushMs,
      limits,
      write: (batch) => this.#write(batch, TRIES),
      failed: (error) => {
        this.#mistake(error);
      },
    });
  }

  /** Does not wait for the database: machines boot without it. */
  start(): Promise<void> {
    if (this.#state !== 'new') return Promise.resolve();
    this.#open();
    this.#endAgeing = startAgeingClock(this.#times.ageMs, () => {
      this.#background(this.#age());
    });
    return Promise.resolve();
  }

  async stop(force: AbortSignal): Promise<void> {
    if (this.#state === 'stopped') return;
    if (this.#state !== 'new') await orAborted(this.flushed(), force);
    this.#state = 'stopped';
    this.#why = 'it has been stopped';
    this.#over.abort();
    clearTimeout(this.#retry);
    this.#endAgeing?.();
    this.#losses.add('off', this.#outbox.close());
    await this.#backend.end(force);
  }

  record(event: JournalEvent): void {
    this.#take(() => this.#outbox.add(event));
  }

  sync(step: SyncStep): void {
    this.#take(() => this.#outbox.addStep(step));
  }

  status(): JournalStatus {
    const on = this.#state === 'on' || this.#state === 'opening';
    const flood = this.#flood.at(this.#times.now());
    return {
      ...{ on, ...this.#losses.status },
      ...(on ? {} : { why: this.#why }),
      ...(flood === undefined ? {} : { flood }),
    };
  }

  know(nodes: readonly KnownNode[]): void {
    this.#nodes = nodes;
    if (this.#state === 'on') this.#background(this.#sendKnown());
  }

  async machines(query: MachineQuery): Promise<MachinePage> {
    const now = this.#times.now();
    const flood = this.#flood.at(now);
    const page = await this.#query('machines', query, now);
    return flood === undefined ? page : { ...page, flood };
  }

  async machine(key: MachineKey): Promise<MachineHistory | undefined> {
    return await this.#query('machine', key, this.#times.now());
  }

  async sent(digest: string): Promise<Uint8Array | undefined> {
    return await this.#query('sent', digest);
  }

  async syncRuns(limit: number): Promise<readonly SyncRunView[]> {
    return await this.#query('syncRuns', limit);
  }

  async ask(name: AskName, args?: unknown): Promise<unknown> {
    return await this.#query('ask', name, args);
  }

  /** Resolves when the database is open, or cannot be opened now. */
  async opened(): Promise<void> {
    await this.#opening;
  }

  async flushed(): Promise<void> {
    await this.#opening;
    if (this.#state === 'on') await this.#outbox.settled();
  }

  onWritten(listener: (machines: ReadonlySet<MachineKey>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #open(): void {
    if (this.#state !== 'off') this.#state = 'opening';
    this.#outbox.pause();
    this.#opening = this.#tryOpen();
  }

  async #tryOpen(): Promise<void> {
    try {
      const { aside } = await this.#backend.call('open', this.#times.now());
      if (this.#isStopped()) return;
      if (aside !== undefined) {
        const { why, name, removed } = aside;
        this.#log.error({ problem: why, kept: name, removed }, 'the damaged journal was put aside, a new one begins');
      }
      if (this.#state === 'off') this.#log.warn({ lost: this.#losses.total }, 'the journal is on again');
      this.#state = 'on';
      this.#background(this.#sendKnown());
      this.#outbox.open();
    } catch (error) {
      this.#turnOff(error);
    }
  }

  /** Damage and removal are mended at once; the rest needs a person, or time. */
  #heed(error: unknown): void {
    if (this.#state !== 'on' || !(error instanceof Trouble) || error.kind === 'busy') return;
    if (error.kind === 'moved') this.#log.error({ problem: error.message }, 'the journal is gone, a new one begins');
    if (error.kind === 'damaged' || error.kind === 'moved') this.#open();
    else this.#turnOff(error);
  }

  #turnOff(error: unknown): void {
    if (this.#isStopped()) return;
    const why = error instanceof Error ? error.message : String(error);
    // Once, not at every try; again when it is something else. A full disk has many names.
    const cause = error instanceof Trouble ? error.kind : why;
    if (this.#state !== 'off' || this.#cause !== cause) {
      const mistake = error instanceof Failure ? {} : { err: error };
      this.#log.error({ problem: why, ...mistake }, 'the journal is off; machines boot all the same');
    }
    this.#state = 'off';
    this.#why = why;
    this.#cause = cause;
    this.#losses.add('off', this.#outbox.close());
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#open();
    }, this.#times.retryMs).unref();
  }

  async #write(batch: readonly Entry[], tries: number): Promise<void> {
    try {
      const written = await this.#backend.call('write', batch, this.#times.now());
      const { machines, lost, mistake, newcomers, newcomersFrom, removed } = written;
      this.#losses.add('mistakes', lost);
      // Said once, until what happens is ordinary again.
      const flood = this.#flood.begins(newcomers, removed, newcomersFrom, this.#times.now());
      if (flood !== undefined)
        this.#log.warn({ ...flood }, 'very many machines ask for the first time: they may be invented');
      if (mistake !== undefined) this.#log.error({ problem: mistake }, 'the journal could not write an event');
      if (machines.length > 0) this.#tell(new Set(machines));
    } catch (error) {
      if (error instanceof Trouble && error.kind === 'busy' && tries <= 1) this.#turnOff(error);
      this.#heed(error);
      await this.#opening;
      // The database is there again, or still: what could not be written may be written now.
      if (tries > 1 && this.#state === 'on' && error instanceof Trouble) await this.#write(batch, tries - 1);
      else {
        this.#losses.add(error instanceof Failure ? 'off' : 'mistakes', countOf(batch));
        if (!(error instanceof Failure)) this.#mistake(error);
      }
    }
  }

  async #query<R extends Request>(request: R, ...args: Parameters<Requests[R]>): Promise<ReturnType<Requests[R]>> {
    await this.#opening;
    if (this.#state !== 'on') throw new Failure('unavailable', `the journal is off: ${this.#why}`);
    try {
      return await this.#backend.call(request, ...args);
    } catch (error) {
      this.#heed(error);
      throw error;
    }
  }

  /** In parts: a list of a hundred thousand must not be copied for the thread at once. */
  async #sendKnown(): Promise<void> {
    const nodes = this.#nodes ?? [];
    this.#round += 1;
    const round = this.#round;
    for (let from = 0; this.#nodes !== undefined && (from === 0 || from < nodes.length); from += NODES_AT_ONCE) {
      if (round !== this.#round || this.#state !== 'on') return;
      const last = from + NODES_AT_ONCE >= nodes.length;
      await this.#query('know', { nodes: nodes.slice(from, from + NODES_AT_ONCE), round, last }, this.#times.now());
    }
  }

  async #age(): Promise<void> {
    while (this.#state === 'on' && (await this.#query('age', this.#times.now()))) {
      await wait(AGE_PAUSE_MS, undefined, { ref: false, signal: this.#over.signal });
    }
  }

  #tell(machines: ReadonlySet<MachineKey>): void {
    for (const listener of this.#listeners) {
      try {
        listener(machines);
      } catch (error) {
        this.#mistake(error);
      }
    }
  }

  #take(add: () => boolean): void {
    if (this.#state === 'off' || this.#state === 'stopped') this.#losses.add('off', 1);
    else if (!add()) this.#losses.add('fast', 1);
  }

  /** Owns what runs by itself. What the database's troubles are is said elsewhere. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!(error instanceof Failure) && !this.#isStopped()) this.#mistake(error);
    });
  }

  #mistake(error: unknown): void {
    this.#log.error({ err: error }, 'the journal made a mistake');
  }

  /** A call, because the compiler does not know that the state changes while we wait. */
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}

/** Resolves when the work is done or the signal aborts. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const done = new AbortController();
  const cut = new Promise<void>((resolve) => {
    const listen = { once: true, signal: done.signal };
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      listen,
    );
  });
  await Promise.race([work, cut]);
  done.abort();
}
