import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { DiscoveryStore } from '../model/discovery.ts';
import type { LogLine } from '../model/machine-views.ts';
import { Failure } from '../model/failure.ts';
import { Flood } from '../model/flood.ts';
import type { JournalEvent, SyncStep } from '../model/journal-event.ts';
import type { Activity } from '../model/operator.ts';
import type { MachineKey } from '../model/machine.ts';
import type { Log } from '../model/service.ts';
import type { MachinePage, MachineQuery, RecordedMachine } from '../model/views.ts';
import type { Channel, Request, Requests } from './database.ts';
import { DatabaseFailure } from './database-failure.ts';
import type { Journal, JournalStatus, JournalTimes, KnownNode } from './journal.ts';
import { countOf, type Entry, Queue } from './queue.ts';
import type { Written } from './store.ts';

/** A crash loses no more than this, what is on its way, and the number of repeated questions of the last second. */
const FLUSH_MS = 250;
const RETRY_MS = 60_000;
const AGE_MS = 3_600_000;
/** Soon after the start: a server that is restarted every hour ages its journal, too. */
const FIRST_AGE_MS = 60_000;
/** Between two slices of ageing others get their turn. */
const AGE_PAUSE_MS = 50;
const TRIES = 3;
const NODES_AT_ONCE = 1000;

/**
 * The journal in front of its database. It has two states. It lives: events are taken into the queue, which goes to the
 * database several times a second, one batch at a time so that their order stays. Or it is off (`#why`): events are
 * counted as lost, and now and then the database is tried again.
 */
export class LivingJournal implements Journal {
  readonly name = 'journal';
  readonly discovery: DiscoveryStore = {
    read: () => this.#query('readDiscovery'),
    write: (change) => this.#query('writeDiscovery', change),
  };
  readonly logLines: Journal['logLines'] = (key, query) => this.#query('logLines', key, query);
  readonly sent: Journal['sent'] = (digest) => this.#query('sent', digest);
  readonly syncRuns: Journal['syncRuns'] = (limit) => this.#query('syncRuns', limit);
  readonly activities: Journal['activities'] = (query) => this.#query('activities', query);
  readonly #channel: Channel;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #ms: { readonly flush: number; readonly retry: number; readonly age: number };
  readonly #after: Promise<unknown> | undefined;
  readonly #queue: Queue;
  readonly #flood = new Flood();
  readonly #losses = { fast: 0, off: 0, mistakes: 0 };
  #strange: JournalStatus['strangeLines'];
  readonly #listeners = new Set<(machines: ReadonlySet<MachineKey>) => void>();
  readonly #ended = new AbortController();
  /** Why it is off; undefined while it lives. */
  #why: string | undefined = 'it has not been started';
  /** What turned it off: the log says each cause once, not at every try. A full disk has many messages. */
  #cause = '';
  /** While the database is being opened; what is asked waits for it, and hurries it. */
  #opening: Promise<void> | undefined;
  #hurry: (() => void) | undefined;
  /** Up to which entry ever appended the queue is to be written. */
  #due = 0;
  #draining = false;
  /** The batch that is being written. */
  #batch = Promise.resolve();
  #flushTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #ageTimer: NodeJS.Timeout | undefined;
  #nodes: readonly KnownNode[] | undefined;
  #round = 0;

  constructor(channel: Channel, log: Log, times: JournalTimes) {
    this.#channel = channel;
    this.#log = log;
    this.#now = times.now ?? Date.now;
    this.#ms = { flush: times.flushMs ?? FLUSH_MS, retry: times.retryMs ?? RETRY_MS, age: times.ageMs ?? AGE_MS };
    this.#after = times.after;
    this.#queue = new Queue(times.limits);
  }

  /** Does not wait for the database: machines boot without it. */
  start(): Promise<void> {
    this.#why = undefined;
    this.#open(this.#after);
    this.#ageAfter(Math.min(FIRST_AGE_MS, this.#ms.age));
    return Promise.resolve();
  }

  async stop(force: AbortSignal): Promise<void> {
    if (this.#ended.signal.aborted) return;
    if (!force.aborted) await Promise.race([this.flushed(), once(force, 'abort')]);
    this.#ended.abort();
    this.#turnOff('it has been stopped');
    clearTimeout(this.#ageTimer);
    await this.#channel.end(force);
  }

  record(event: JournalEvent): void {
    if (this.#why === undefined) this.#taken(this.#queue.add(event));
    else this.#losses.off += 1;
  }

  sync(step: SyncStep): void {
    if (this.#why === undefined) this.#taken(this.#queue.addStep(step));
    else this.#losses.off += 1;
  }

  activity(activity: Activity): void {
    if (this.#why === undefined) this.#taken(this.#queue.addActivity(activity));
    else this.#losses.off += 1;
  }

  log(line: LogLine): boolean {
    // What its sender is told of: it counts the lines that found no room.
    if (this.#why !== undefined || !this.#queue.addLog(line)) return false;
    this.#taken(true);
    return true;
  }

  status(): JournalStatus {
    const lost = this.#lost();
    return {
      on: this.#why === undefined,
      why: this.#why,
      lost,
      losses: lost === 0 ? undefined : { ...this.#losses },
      flood: this.#flood.at(this.#now()),
      strangeLines: this.#strange,
    };
  }

  know(nodes: readonly KnownNode[]): void {
    this.#nodes = nodes;
    // A database that is being opened is told them when it is open.
    if (this.#why === undefined && this.#opening === undefined) this.#background(this.#sendNodes());
  }

  async machines(query: MachineQuery): Promise<MachinePage> {
    const now = this.#now();
    const flood = this.#flood.at(now);
    return { ...(await this.#query('machines', query, now)), flood };
  }

  machine(key: MachineKey): Promise<RecordedMachine | undefined> {
    return this.#query('machine', key, this.#now());
  }

  async flushed(): Promise<void> {
    await this.#opened();
    this.#queue.letGo();
    const until = this.#queue.appended;
    this.#flush();
    while (this.#queue.taken < until) await this.#batch;
    await this.#batch;
  }

  onWritten(listener: (machines: ReadonlySet<MachineKey>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #taken(taken: boolean): void {
    if (!taken) this.#losses.fast += 1;
    this.#flushSoon();
  }

  #flushSoon(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flush();
    }, this.#ms.flush).unref();
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    this.#queue.letGo(this.#now());
    if (this.#queue.keepsBack) this.#flushSoon();
    this.#due = this.#queue.appended;
    if (!this.#draining) this.#background(this.#drain());
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#queue.taken < this.#due) {
      this.#batch = this.#write(this.#queue.take());
      await this.#batch;
    }
    this.#draining = false;
  }

  /** Ends when the batch is written, or counted as lost. Does not reject. */
  async #write(batch: readonly Entry[]): Promise<void> {
    for (let tries = TRIES; tries > 0; tries -= 1) {
      // Opened again, the database may take what it refused before.
      await this.#opened();
      if (this.#why !== undefined) break;
      try {
        this.#written(await this.#channel.call('write', batch));
        return;
      } catch (error) {
        if (!(error instanceof DatabaseFailure)) {
          this.#losses.mistakes += countOf(batch);
          this.#mistake(error);
          return;
        }
        if (error.kind === 'busy' && tries === 1) this.#fail(error);
        else this.#handle(error);
      }
    }
    this.#losses.off += countOf(batch);
  }

  #written({ machines, byProfile, lost, mistake, newcomers, newcomersFrom, removed, strange }: Written): void {
    if (strange !== undefined) this.#strange = { ...strange, lines: strange.lines + (this.#strange?.lines ?? 0) };
    this.#losses.mistakes += lost;
    if (mistake !== undefined) this.#log.error({ problem: mistake }, 'the journal could not write an event');
    // Said once, until what happens is ordinary again.
    const flood = this.#flood.begins(newcomers, removed, newcomersFrom, this.#now());
    if (flood !== undefined) {
      this.#log.warn({ ...flood }, 'very many machines ask for the first time: they may be invented');
    }
    if (machines.length === 0 && !byProfile) return;
    const keys = new Set(machines);
    for (const listener of this.#listeners) {
      try {
        listener(keys);
      } catch (error) {
        this.#mistake(error);
      }
    }
  }

  async #query<R extends Request>(request: R, ...args: Parameters<Requests[R]>): Promise<ReturnType<Requests[R]>> {
    await this.#opened();
    if (this.#why !== undefined) throw new Failure('unavailable', `the journal is off: ${this.#why}`);
    try {
      return await this.#channel.call(request, ...args);
    } catch (error) {
      this.#handle(error);
      throw error;
    }
  }

  #open(after: Promise<unknown> = Promise.resolve()): void {
    const hurry = new Promise<void>((resolve) => (this.#hurry = resolve));
    this.#opening = Promise.race([after, hurry])
      .then(() => this.#tryToOpen())
      .finally(() => (this.#opening = undefined));
  }

  async #opened(): Promise<void> {
    this.#hurry?.();
    await this.#opening;
  }

  async #tryToOpen(): Promise<void> {
    try {
      const { aside } = await this.#channel.call('open', this.#now());
      if (this.#ended.signal.aborted) return;
      if (aside !== undefined) {
        const { why, name, removed } = aside;
        this.#log.error({ problem: why, kept: name, removed }, 'the damaged journal was put aside, a new one begins');
      }
      if (this.#why !== undefined) this.#log.warn({ lost: this.#lost() }, 'the journal is on again');
      this.#why = undefined;
      this.#background(this.#sendNodes());
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Damage and removal are mended at once; the rest needs a person, or time. */
  #handle(error: unknown): void {
    if (!(error instanceof DatabaseFailure) || error.kind === 'busy') return;
    if (this.#why !== undefined || this.#opening !== undefined) return;
    if (error.kind === 'moved') this.#log.error({ problem: error.message }, 'the journal is gone, a new one begins');
    if (error.kind === 'damaged' || error.kind === 'moved') this.#open();
    else this.#fail(error);
  }

  /** Off, until the database can be opened again. */
  #fail(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    const why = error instanceof Error ? error.message : String(error);
    const cause = error instanceof DatabaseFailure ? error.kind : why;
    if (this.#why === undefined || this.#cause !== cause) {
      const mistake = error instanceof Failure ? {} : { err: error };
      this.#log.error({ problem: why, ...mistake }, 'the journal is off; machines boot all the same');
    }
    this.#cause = cause;
    this.#turnOff(why);
    this.#retryTimer = setTimeout(() => {
      this.#open();
    }, this.#ms.retry).unref();
  }

  #turnOff(why: string): void {
    this.#why = why;
    this.#losses.off += this.#queue.clear();
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    clearTimeout(this.#retryTimer);
  }

  /** In parts: a list of a hundred thousand must not be copied for the thread at once. */
  async #sendNodes(): Promise<void> {
    const nodes = this.#nodes;
    if (nodes === undefined) return;
    const round = (this.#round += 1);
    let from = 0;
    do {
      const part = nodes.slice(from, from + NODES_AT_ONCE);
      from += NODES_AT_ONCE;
      await this.#query('know', { nodes: part, round, last: from >= nodes.length }, this.#now());
    } while (from < nodes.length && round === this.#round);
  }

  #ageAfter(ms: number): void {
    this.#ageTimer = setTimeout(() => {
      this.#background(this.#age());
      this.#ageAfter(this.#ms.age);
    }, ms).unref();
  }

  async #age(): Promise<void> {
    while (this.#why === undefined && (await this.#query('age', this.#now()))) {
      await wait(AGE_PAUSE_MS, undefined, { ref: false, signal: this.#ended.signal });
    }
  }

  /** Owns what runs by itself. Failures of the database are handled where they are met. */
  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!(error instanceof Failure) && !this.#ended.signal.aborted) this.#mistake(error);
    });
  }

  #mistake(error: unknown): void {
    this.#log.error({ err: error }, 'the journal made a mistake');
  }

  #lost(): number {
    const { fast, off, mistakes } = this.#losses;
    return fast + off + mistakes;
  }
}
