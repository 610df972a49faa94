import type { ROLLOUT_MACHINES, RolloutState } from '../model/rollout.ts';

/** How far a profile's last rollout is. */
export interface RolloutCounts {
  readonly profile: string;
  readonly state: RolloutState;
  /** 0: the canaries. */
  readonly wave: number;
  /** The last one. */
  readonly waves: number;
  readonly machines: Readonly<Record<(typeof ROLLOUT_MACHINES)[number], number>>;
}

/** What is read at each scrape, not counted on the way. */
export interface MetricSources {
  /** How many machines are in each state; may take a moment and may fail. */
  readonly machines?: () => Promise<Readonly<Record<string, number>>>;
  readonly problems?: () => { readonly error: number; readonly warning: number };
  readonly rollouts?: () => readonly RolloutCounts[];
  readonly journal?: () => { readonly on: boolean; readonly lost: number };
  readonly dhcp?: () => {
    readonly answered: number;
    readonly limited: number;
    readonly unsent: number;
    readonly dropped: number;
    /** By reason: fixed words. */
    readonly silences: ReadonlyMap<string, number>;
  };
}

/** What was counted since the server started. */
export interface Counts {
  /** Boot scripts by outcome and profile. */
  readonly boots: Tally;
  /** Answers over HTTP by kind and status. */
  readonly http: Tally;
  /** Bytes by kind. */
  readonly bytes: Tally;
  /** Transfers by how they ended. */
  readonly tftp: Tally;
  tftpBytes: number;
  tftpSeconds: number;
  /** Runs by result. */
  readonly syncs: Tally;
  /** When the last run without a failure ended, in milliseconds since 1970. */
  goodSync: number | undefined;
}

/** Numbers by a word, or by a word and another. */
export class Tally {
  readonly #rows = new Map<string, Map<string | number, number>>();

  add(word: string, other: string | number = '', n = 1): void {
    let row = this.#rows.get(word);
    if (row === undefined) {
      row = new Map();
      this.#rows.set(word, row);
    }
    row.set(other, (row.get(other) ?? 0) + n);
  }

  all(): readonly (readonly [word: string, other: string | number, n: number])[] {
    return [...this.#rows].flatMap(([word, row]) => [...row].map(([other, n]) => [word, other, n] as const));
  }
}

export function noCounts(): Counts {
  return {
    ...{ boots: new Tally(), http: new Tally(), bytes: new Tally(), tftp: new Tally(), syncs: new Tally() },
    ...{ tftpBytes: 0, tftpSeconds: 0, goodSync: undefined },
  };
}

/** Milliseconds between two looks at the event loop. */
export const LOOP_TICK = 20;

/** So many profiles have figures of their own: names of more fill neither the memory nor the monitoring. */
export const MAX_PROFILES = 100;
