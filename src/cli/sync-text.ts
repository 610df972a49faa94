import type { SyncEvent, SyncReport, TargetReport } from '../model/sync-event.ts';
import { bytesText, tableText } from './units.ts';

/** What is worth a line of its own while a sync runs; undefined for everything else. */
export function eventLine(event: SyncEvent): string | undefined {
  switch (event.kind) {
    case 'plan':
      return event.targets.length === 0 ? 'no profile follows a channel\n' : undefined;
    case 'retry':
      return `${event.target}: asking again for ${event.file} in ${String(Math.ceil(event.waitMs / 1000))} s: ${event.why}\n`;
    case 'verified':
      return `${event.target}: ${event.file} (${bytesText(event.size)}) verified: ${event.by}\n`;
    case 'published':
      return `${event.target}: published images/${event.shelf}\n`;
    case 'kept':
      return `${event.target}: profile ${event.profile} is left alone: ${event.why}\n`;
    case 'note':
    case 'failed':
      return `${event.target}: ${event.message}\n`;
    case 'removed':
      return `removed images/${event.shelf} (${bytesText(event.size)})\n`;
    case 'found':
    case 'download':
    case 'rewritten':
    case 'done':
      return undefined;
  }
}

const OUTCOMES: Readonly<Record<TargetReport['outcome'], string>> = {
  published: 'updated',
  current: 'up to date',
  held: 'held',
  failed: 'FAILED',
  'would-fetch': 'would be fetched',
  'would-rewrite': 'is here, profiles would follow',
};

/** The end of a run as a table: what each channel came to, and what changed in which profile. */
export function reportText(report: SyncReport): string {
  const targets = report.targets.map(({ target, version, outcome, profiles }) => [
    target,
    version ?? '',
    OUTCOMES[outcome],
    profiles.join(', '),
  ]);
  const skipped = report.skipped.map(({ profile, why }) => `profile ${profile} is left alone: ${why}\n`);
  const changes = report.rewritten.map(({ profile, from, to }) => [profile, from, to]);
  return [
    targets.length === 0 ? '' : tableText([['CHANNEL', 'VERSION', 'RESULT', 'PROFILES'], ...targets]),
    changes.length === 0 ? '' : `\n${tableText([['PROFILE', 'BEFORE', 'NOW'], ...changes])}`,
    skipped.length === 0 ? '' : `\n${skipped.join('')}`,
  ].join('');
}
