import type { Diagnostic } from '../model/failure.ts';
import { type MachineFacts, machineKey } from '../model/machine.ts';
import { listener, type Log } from '../model/service.ts';
import { utcText } from '../model/text.ts';

/** A machine's secrets were asked for, or it was reported about, by what is not known to be that machine. */
export interface Incident {
  /** The machine that it is about, never the one that asked. */
  readonly facts: MachineFacts;
  /** The address that asked. */
  readonly from: string | undefined;
  /** For people: who, what, and what became of it. */
  readonly text: string;
}

/** The same again within this time is counted, not said. */
const AGAIN_MS = 60_000;
/** Different ones that are remembered; the oldest goes first. */
const MOST = 500;
/** On a page. */
const MOST_SHOWN = 20;
/** How long one stays on the page Health. */
const SHOWN_MS = 7 * 86_400_000;

interface Kept {
  readonly incident: Incident;
  readonly last: number;
  readonly said: number;
  readonly times: number;
}

/** What was tried, since the start: in the log, on the page Health, and for who writes it down. */
export class Incidents {
  readonly #kept = new Map<string, Kept>();
  readonly #log: Log;
  readonly #now: () => number;
  #listeners: readonly ((incident: Incident) => void)[] = [];

  constructor(log: Log, now: () => number = Date.now) {
    this.#log = log;
    this.#now = now;
  }

  /** Called for each that is news. */
  watch(handle: (incident: Incident) => void): void {
    this.#listeners = [...this.#listeners, listener(this.#log, 'incidents', handle)];
  }

  happened(incident: Incident): void {
    const { facts, from, text } = incident;
    const machine = machineKey(facts);
    const key = `${machine ?? ''} ${text}`;
    const before = this.#kept.get(key);
    const at = this.#now();
    const news = before === undefined || at - before.said >= AGAIN_MS;
    this.#kept.delete(key);
    this.#kept.set(key, { incident, last: at, said: news ? at : before.said, times: (before?.times ?? 0) + 1 });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST) break;
      this.#kept.delete(oldest);
    }
    if (!news) return;
    this.#log.warn({ machine, from, incident: text }, 'a machine may not be what it says');
    for (const handle of this.#listeners) handle(incident);
  }

  /** The latest first. */
  diagnostics(): readonly Diagnostic[] {
    const now = this.#now();
    const recent = [...this.#kept.values()].filter(({ last }) => now - last < SHOWN_MS).toReversed();
    const shown = recent.slice(0, MOST_SHOWN).map(({ incident, last, times }): Diagnostic => {
      const often = times === 1 ? '' : `, ${times} times`;
      return {
        severity: 'warning',
        message: `${incident.text} (${utcText(last)}${often})`,
        remedy: 'find out what has that address; docs/security.md says what it may mean',
      };
    });
    const more = recent.length - shown.length;
    if (more === 0) return shown;
    const message = `${more} more incidents of machines that may not be what they say`;
    return [...shown, { severity: 'warning', message, remedy: 'the log has them all' }];
  }
}
