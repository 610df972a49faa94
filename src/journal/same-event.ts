import type { JournalEvent } from '../model/journal-event.ts';

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
    // Each of them is an act of its own.
    case 'phone-home':
    case 'installed':
    case 'operator':
      return false;
  }
}
