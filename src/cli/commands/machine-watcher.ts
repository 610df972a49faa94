import type { MachineRow } from '../../model/views.ts';

export interface WatcherOptions {
  /** All machines, now. */
  readonly look: () => Promise<readonly MachineRow[]>;
  /** For each one that is not as it was at the last look; at the first look for all. */
  readonly changed: (row: MachineRow) => void;
  /** After each look. */
  readonly shown: (rows: readonly MachineRow[]) => void;
}

/** Looks again when something may have changed: one look at a time, and never after the last change without one. */
export function createWatcher({ look, changed, shown }: WatcherOptions) {
  const known = new Map<string, string>();

  async function once(): Promise<void> {
    const rows = await look();
    for (const row of rows) {
      const print = printOf(row);
      if (known.get(row.key) === print) continue;
      known.set(row.key, print);
      changed(row);
    }
    shown(rows);
  }

  return {
    /** Until the signal aborts. Rejects when a look fails. */
    async run(watch: (changed: () => void, signal: AbortSignal) => Promise<void>, stop: AbortSignal): Promise<void> {
      if (stop.aborted) return;
      const failed = new AbortController();
      const signal = AbortSignal.any([stop, failed.signal]);
      let due = false;
      let work = Promise.resolve();
      const again = (): void => {
        if (due || signal.aborted) return;
        due = true;
        work = work
          .then(async () => {
            due = false;
            if (!signal.aborted) await once();
          })
          .catch((error: unknown) => {
            failed.abort(error);
          });
      };
      again();
      await watch(again, signal);
      await work;
      if (failed.signal.aborted) throw failed.signal.reason as Error;
    },
  };
}

/** What makes a line of its own: not how long ago it was seen, and not each packet of a download. */
function printOf({ state, profile, version, name, since, address }: MachineRow): string {
  return JSON.stringify([state, profile, version, name, since, address]);
}
