import type { LogLine } from '../model/machine-views.ts';
import type { JournalEvent, SyncStep } from '../model/journal-event.ts';
import type { Activity } from '../model/operator.ts';
import { machineKey } from '../model/machine.ts';
import type { SyncEvent } from '../model/sync-event.ts';

/** An event on its way to the database, with how often it happened. */
export interface EventEntry {
  readonly event: JournalEvent;
  readonly times: number;
  /** When the first of them began and the last was over. */
  readonly began: number;
  readonly at: number;
  /** Of all together. */
  readonly bytes: number;
}

interface StepEntry {
  readonly step: SyncStep;
}

interface ActivityEntry {
  readonly activity: Activity;
}

interface LogEntry {
  readonly log: LogLine;
}

export type Entry = ActivityEntry | EventEntry | LogEntry | StepEntry;

export interface QueueLimits {
  readonly entries: number;
  /** Bytes of the texts that wait. */
  readonly bytes: number;
}

const QUEUE_LIMITS: QueueLimits = { entries: 50_000, bytes: 64 * 2 ** 20 };
/** Of the entries that may wait at most so many are lines of logs: a machine that says very much keeps no event out. */
const LOG_SHARE = 0.2;
/**
 * A machine asks by DHCP again and again until it has loaded something. What it asks so soon after the same was taken is
 * kept back for as long, to be counted: each time that goes to the database costs as much as the answer itself.
 */
const KEPT_BACK_MS = 1000;
/** How far back in a machine's events the same one is looked for: those of one flush are few. */
const LOOK_BACK = 8;
/** A batch is copied for the thread at once: short enough that no answer waits for it. */
const BATCH = 400;
const BATCH_BYTES = 512 * 1024;

type Waiting = { -readonly [Key in keyof EventEntry]: EventEntry[Key] } & {
  /** Its machine or address. */
  readonly key: string;
  /** On its way: nothing may be added to it. */
  taken: boolean;
};

/**
 * What waits to be written. Repetitions are counted instead of kept: boot scripts are answered 20,000 times a second,
 * and mostly it is the same machine that asks for the same again. What finds no room is lost.
 */
export class Queue {
  readonly #limits: QueueLimits;
  #waiting: (ActivityEntry | LogEntry | Waiting | { step: SyncStep })[] = [];
  /** By machine or address. */
  #recent = new Map<string, Waiting[]>();
  /** The last question by DHCP that was taken, by machine, and repetitions of it that are kept back. */
  #asked = new Map<string, Waiting>();
  #keptBack = new Map<string, Waiting>();
  #slots = new Map<string, { step: SyncStep }>();
  #next = 0;
  #bytes = 0;
  #appended = 0;
  #logs = 0;

  constructor(limits: QueueLimits = QUEUE_LIMITS) {
    this.#limits = limits;
  }

  /** How many entries there ever were. */
  get appended(): number {
    return this.#appended;
  }

  /** How many of them do not wait any more. */
  get taken(): number {
    return this.#appended - this.size;
  }

  get size(): number {
    return this.#waiting.length - this.#next;
  }

  /** Whether anything is kept back: it waits only once it is let go. */
  get keepsBack(): boolean {
    return this.#keptBack.size > 0;
  }

  /** Lets go what was kept back for long enough by this clock of the events; without one, all. */
  letGo(now = Infinity): void {
    for (const [key, repeated] of this.#keptBack) {
      const age = now - repeated.began;
      // Younger than nothing: the clock was set.
      if (age < 0 || age >= KEPT_BACK_MS) this.#letGo(key, repeated);
    }
  }

  /** False: there is no room for it. */
  add(event: JournalEvent): boolean {
    const { facts } = event;
    const key = (facts === undefined ? undefined : machineKey(facts)) ?? event.from ?? '';
    const repeated = this.#keptBack.get(key);
    if (repeated !== undefined) {
      if (isSame(repeated.event, event)) {
        count(repeated, event);
        return true;
      }
      this.#letGo(key, repeated);
    }
    const recent = this.#recent.get(key);
    if (recent !== undefined) {
      for (let i = recent.length - 1; i >= 0 && i >= recent.length - LOOK_BACK; i -= 1) {
        const waiting = recent[i];
        if (waiting?.taken === false && isSame(waiting.event, event)) {
          count(waiting, event);
          return true;
        }
      }
    }
    const bytes = bodyOf(event)?.length ?? 0;
    const { entries, bytes: mostBytes } = this.#limits;
    if (this.size + this.#keptBack.size >= entries || this.#bytes + bytes > mostBytes) return false;
    this.#bytes += bytes;
    const transfer = 'ms' in event ? event : { ms: 0, bytes: 0 };
    const { at } = event;
    const waiting = { event, key, times: 1, began: at - transfer.ms, at, bytes: transfer.bytes, taken: false };
    if (this.#repeatsTaken(waiting)) this.#keptBack.set(key, waiting);
    else this.#append(waiting);
    return true;
  }

  addStep(step: SyncStep): boolean {
    const slot = slotName(step);
    const before = slot === undefined ? undefined : this.#slots.get(slot);
    if (before !== undefined) {
      before.step = step;
      return true;
    }
    if (this.size >= this.#limits.entries) return false;
    const waiting = { step };
    this.#waiting.push(waiting);
    this.#appended += 1;
    if (slot !== undefined) this.#slots.set(slot, waiting);
    return true;
  }

  addActivity(activity: Activity): boolean {
    if (this.size >= this.#limits.entries) return false;
    this.#waiting.push({ activity });
    this.#appended += 1;
    return true;
  }

  addLog(log: LogLine): boolean {
    const { entries } = this.#limits;
    if (this.size >= entries || this.#logs >= entries * LOG_SHARE) return false;
    this.#waiting.push({ log });
    this.#logs += 1;
    this.#appended += 1;
    return true;
  }

  /** The oldest that fit a batch. */
  take(): readonly Entry[] {
    const batch: Entry[] = [];
    const copies = new Map<Uint8Array, Uint8Array>();
    let bytes = 0;
    while (this.#next < this.#waiting.length && batch.length < BATCH && bytes < BATCH_BYTES) {
      const waiting = this.#waiting[this.#next];
      this.#next += 1;
      if (waiting === undefined) continue;
      if ('activity' in waiting) {
        batch.push(waiting);
        continue;
      }
      if ('log' in waiting) {
        this.#logs -= 1;
        batch.push(waiting);
        continue;
      }
      if ('step' in waiting) {
        const slot = slotName(waiting.step);
        if (slot !== undefined) this.#slots.delete(slot);
        batch.push(waiting);
        continue;
      }
      waiting.taken = true;
      if (waiting.event.kind === 'dhcp') this.#asked.set(waiting.key, waiting);
      bytes += bodyOf(waiting.event)?.length ?? 0;
      const { times, began, at } = waiting;
      batch.push({ event: forThread(waiting.event, copies), times, began, at, bytes: waiting.bytes });
    }
    this.#bytes -= bytes;
    this.#tidy();
    return batch;
  }

  /** All that waits goes: as many events as they stand for. */
  clear(): number {
    let lost = 0;
    this.letGo();
    while (this.size > 0) lost += countOf(this.take());
    return lost;
  }

  #repeatsTaken({ key, event, at }: Waiting): boolean {
    const before = this.#asked.get(key);
    return before !== undefined && isSame(before.event, event) && Math.abs(at - before.at) < KEPT_BACK_MS;
  }

  #letGo(key: string, repeated: Waiting): void {
    this.#keptBack.delete(key);
    this.#append(repeated);
  }

  #append(waiting: Waiting): void {
    this.#appended += 1;
    this.#waiting.push(waiting);
    const recent = this.#recent.get(waiting.key);
    if (recent === undefined) this.#recent.set(waiting.key, [waiting]);
    else {
      if (recent.length >= 2 * LOOK_BACK) recent.splice(0, LOOK_BACK);
      recent.push(waiting);
    }
  }

  /** Forgets what was taken: often enough to stay small, seldom enough to cost nothing. */
  #tidy(): void {
    if (this.size === 0) {
      this.#waiting = [];
      this.#next = 0;
    } else if (this.#next >= this.#limits.entries) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    if (this.size === 0 || this.#recent.size > this.#limits.entries) this.#recent = new Map();
    if (this.#asked.size > this.#limits.entries) this.#asked = new Map();
  }
}

function count(waiting: Waiting, event: JournalEvent): void {
  waiting.times += 1;
  waiting.at = event.at;
  if (!('ms' in event)) return;
  waiting.began = Math.min(waiting.began, event.at - event.ms);
  waiting.bytes += event.bytes;
}

/** How often it happened: what is lost when it cannot be written. */
export function countOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + ('times' in entry ? entry.times : 1), 0);
}

/**
 * Whether an event of a machine says the same as another one of it. Called for every answer: texts and decisions are
 * compared by identity, because what is answered again comes from a cache.
 */
export function isSame(a: JournalEvent, b: JournalEvent): boolean {
  switch (a.kind) {
    case 'script':
      return b.kind === 'script' && a.body === b.body && a.decision === b.decision && a.from === b.from;
    case 'dhcp':
      return b.kind === 'dhcp' && a.file === b.file && a.client === b.client && a.silence === b.silence;
    case 'tftp':
      return b.kind === 'tftp' && a.file === b.file && a.end === b.end;
    case 'file':
      return b.kind === 'file' && a.file === b.file && a.status === b.status && a.complete === b.complete;
    case 'document':
      return b.kind === 'document' && a.source === b.source && a.body === b.body && a.from === b.from;
    case 'refused':
      return b.kind === 'refused' && a.what === b.what && a.status === b.status && a.message === b.message;
    case 'incident':
      return b.kind === 'incident' && a.text === b.text;
    // Each of them is an act of its own.
    case 'phone-home':
    case 'installed':
    case 'operator':
      return false;
  }
}

/** What a later step of the run replaces: of a download only the last word counts. Null: every such step is kept. */
export function slotOf(event: SyncEvent): string | null {
  return event.kind === 'download' ? `${event.target}\n${event.file}` : null;
}

function slotName({ run, event }: SyncStep): string | undefined {
  const slot = slotOf(event);
  return slot === null ? undefined : `${run}\n${slot}`;
}

function bodyOf(event: JournalEvent): Uint8Array | undefined {
  return event.kind === 'script' || event.kind === 'document' ? event.body : undefined;
}

/**
 * An event as it crosses to the thread, which costs by what is in it: of a decision what is written down, of a body its
 * own bytes (small Buffers share a pool, and a view takes along all that it looks into).
 */
function forThread(event: JournalEvent, copies: Map<Uint8Array, Uint8Array>): JournalEvent {
  const body = bodyOf(event);
  if (body === undefined) return event;
  let copy = body;
  if (body.byteLength !== body.buffer.byteLength) {
    copy = copies.get(body) ?? new Uint8Array(body);
    copies.set(body, copy);
  }
  if (event.kind !== 'script') return { ...event, body: copy } as JournalEvent;
  const { outcome, profile, node, version, installation, installed, because, question } = event.decision;
  const asked = question && { facts: question.facts, origin: question.origin, choice: question.choice };
  return {
    ...event,
    body: copy,
    decision: { outcome, profile, node, version, installation, installed, because, question: asked },
  };
}
