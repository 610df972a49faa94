import type { SyncEvent } from '../model/sync-event.ts';

/** What a later step replaces: how far a download is says only the last word. Null: every such step is kept. */
export function slotOf(event: SyncEvent): string | null {
  return event.kind === 'download' ? `${event.target}\n${event.file}` : null;
}
