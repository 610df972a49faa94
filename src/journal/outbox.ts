import type { JournalEvent, SyncStep } from '../model/journal-event.ts';
import { type Entry, Queue, type QueueLimits } from './queue.ts';

export interface OutboxOptions {
  readonly flushMs: number;
  readonly limits?: QueueLimits;
  /** Writes a batch, or gives it up. Must not reject. */
  readonly write: (batch: readonly Entry[]) => Promise<void>;
  /** Hears what should not have happened. */
  readonly failed: (error: unknown) => void;
}

/** Takes events at once and hands them on a few times a second, one batch at a time so that their order stays. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queue: Queue;
  readonly #waiters: { readonly until: number; readonly done: () => void }[] = [];
  #open = false;
  #timer: NodeJS.Timeout | undefined;
  /** Entries since the beginning: up to where they are to be sent, and were. */
  #due = 0;
  #sent = 0;
  #sending = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#queue = new Queue(options.limits);
  }

  /** False: there is no room. */
  add(event: JournalEvent): boolean {
    if (!this.#queue.add(event)) return false;
    this.#timer ??= this.#later();
    return true;
  }

  addStep(step: SyncStep): boolean {
    if (!this.#queue.addStep(step)) return false;
    this.#timer ??= this.#later();
    return true;
  }

  /** From now on batches go out. */
  open(): void {
    this.#open = true;
    this.flush();
  }

  /** What waits stays, until it opens again. */
  pause(): void {
    this.#open = false;
  }

  /** What waits is given up: how many events. */
  close(): number {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lost = this.#queue.clear();
    this.#due = this.#sent = this.#queue.appended;
    this.#release();
    return lost;
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = this.#queue.appended;
    this.#pump();
  }

  /** Resolves when all that was taken so far is written or given up. */
  async settled(): Promise<void> {
    const until = this.#queue.appended;
    this.flush();
    if (this.#sent >= until && !this.#sending) return;
    await new Promise<void>((done) => this.#waiters.push({ until, done }));
  }

  #later(): NodeJS.Timeout {
    return setTimeout(() => {
      this.flush();
    }, this.#options.flushMs).unref();
  }

  #pump(): void {
    if (!this.#open || this.#sending || this.#sent >= this.#due) return;
    const batch = this.#queue.take();
    this.#sent += batch.length;
    this.#sending = true;
    this.#options
      .write(batch)
      .catch(this.#options.failed)
      .finally(() => {
        this.#sending = false;
        this.#release();
        this.#pump();
      })
      .catch(this.#options.failed);
  }

  #release(): void {
    if (this.#sending) return;
    const ready = this.#waiters.filter(({ until }) => this.#sent >= until);
    for (const waiter of ready) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.done();
    }
  }
}
