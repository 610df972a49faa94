import type { JournalEvent, SyncStep } from '../model/journal-event.ts';

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

export type Entry = EventEntry | { readonly step: SyncStep };

/** How often it happened: what is lost when it cannot be written. */
export function countOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + ('step' in entry ? 1 : entry.times), 0);
}
