import type { ReleaseRow, ReleasesView } from '../../model/office-views.ts';
import type { SyncRunView } from '../../model/views.ts';
import { bytesText, durationText, moment, optionalMoment, plural } from './format.ts';
import { profileHref, slug } from './links.ts';
import type { Page } from './page.ts';
import { syncLine } from './sync-steps.ts';

export function releasesPage(
  view: ReleasesView,
  now: number,
  failed?: { readonly message: string; readonly remedy?: string | undefined },
): Page {
  return {
    view: 'releases',
    section: 'Releases',
    live: ['releases', 'profiles'],
    summary: view.running ? 'a sync is running' : `${plural(view.targets.length, 'channel')}, no sync is running`,
    data: {
      running: view.running,
      schedule: view.schedule,
      next: optionalMoment(view.nextRun, now),
      targets: view.targets.map((row) => target(row, now)),
      none: view.targets.length === 0,
      runs: view.runs.map((run, i) => runOf(run, i === 0, now)),
      failed,
    },
  };
}

const PROGRESS: Readonly<Record<NonNullable<ReleaseRow['progress']>['state'], string>> = {
  waiting: 'Waiting',
  fetching: 'Fetching',
  verifying: 'Verifying',
  published: 'Published',
  failed: 'Failed',
};

function target(row: ReleaseRow, now: number): object {
  const { progress } = row;
  return {
    name: row.target,
    slug: slug(row.target),
    profiles: row.profiles.map((name) => ({ name, href: profileHref(name) })),
    held: row.held,
    size: bytesText(row.shelves.reduce((sum, shelf) => sum + shelf.size, 0)),
    shelves: row.shelves.map((shelf) => ({
      shelf: shelf.shelf,
      version: shelf.version,
      size: bytesText(shelf.size),
      published: optionalMoment(shelf.publishedAt, now),
      verified: shelf.verified,
      kept: shelf.keptBecause,
      goes: shelf.keptBecause.length === 0,
    })),
    versions: row.shelves.map(({ version }) => version),
    canRollBack: row.shelves.length > 1 && row.profiles.length > 0,
    progress:
      progress === undefined
        ? undefined
        : {
            word: PROGRESS[progress.state],
            failed: progress.state === 'failed',
            version: progress.version,
            message: progress.message,
            bar:
              progress.size > 0 && (progress.state === 'fetching' || progress.state === 'verifying')
                ? {
                    received: Math.min(progress.received, progress.size),
                    size: progress.size,
                    text: `${bytesText(progress.received)} of ${bytesText(progress.size)}`,
                  }
                : undefined,
          },
  };
}

function runOf({ run, endedAt, failed, steps }: SyncRunView, open: boolean, now: number): object {
  const lines = steps.flatMap(({ at, event }) => {
    const said = syncLine(event);
    return said === undefined ? [] : [{ ...said, at: `+${durationText(at - run)}` }];
  });
  return {
    run: String(run),
    began: moment(run, now),
    took: endedAt === undefined ? undefined : durationText(endedAt - run),
    ok: endedAt !== undefined && failed === 0,
    failed: failed === 0 ? undefined : plural(failed, 'channel'),
    going: endedAt === undefined,
    open,
    steps: lines,
    outcome: endedAt === undefined ? `${plural(lines.length, 'step')} so far` : outcomeOf(steps),
  };
}

/** What changed, in a line. */
function outcomeOf(steps: SyncRunView['steps']): string {
  const count = (kind: string): number => steps.filter(({ event }) => event.kind === kind).length;
  const parts = [
    ...(count('published') > 0 ? [`${plural(count('published'), 'release')} published`] : []),
    ...(count('rewritten') > 0 ? [`${plural(count('rewritten'), 'profile')} updated`] : []),
    ...(count('removed') > 0 ? [`${plural(count('removed'), 'release')} removed`] : []),
  ];
  return parts.length === 0 ? 'nothing new' : parts.join(', ');
}
