import type { SyncEvent } from '../../model/sync-event.ts';
import { bytesText, durationText, plural } from './format.ts';

/** A step of a sync run in words; undefined for what is only a step on the way (bytes that came in). */
export interface SyncLine {
  readonly word: string;
  readonly text: string;
  readonly bad: boolean;
}

export function syncLine(event: SyncEvent): SyncLine | undefined {
  switch (event.kind) {
    case 'plan':
      return line(
        'Plan',
        event.targets.length === 0
          ? 'no profile follows a channel'
          : event.targets.map(({ target }) => target).join(', '),
      );
    case 'found':
      return line('Found', `${event.target} ${event.version}, ${plural(event.files, 'file')}`);
    case 'download':
      return undefined;
    case 'retry':
      return line('Retry', `${event.target}: ${event.file} again in ${durationText(event.waitMs)}: ${event.why}`);
    case 'verified':
      return line('Verified', `${event.file} (${bytesText(event.size)}): ${event.by}`);
    case 'published':
      return line('Published', `images/${event.shelf}`);
    case 'rewritten':
      return line(
        'Updated',
        `profile ${event.profile} from ${event.from === '' ? 'no version' : event.from} to ${event.to}`,
      );
    case 'kept':
      return line('Left alone', `profile ${event.profile}: ${event.why}`);
    case 'note':
      return line('Note', `${event.target}: ${event.message}`);
    case 'failed':
      return { word: 'Failed', text: `${event.target}: ${event.message}`, bad: true };
    case 'removed':
      return line('Removed', `images/${event.shelf} (${bytesText(event.size)})`);
    case 'done':
      return line('Done', plural(event.report.targets.length, 'target'));
  }
}

function line(word: string, text: string): SyncLine {
  return { word, text, bad: false };
}
