import type { ReleaseRow, ReleasesView } from '../../model/office-views.ts';
import { holdOf, holdText } from '../../releases/holds.ts';
import { planSync, targetOf } from '../../releases/plan.ts';
import { readProgress, type ProgressNote } from '../../images/download-progress.ts';
import { readState } from '../../releases/state-file.ts';
import type { OfficeDeps } from './deps.ts';
import { publishedReleases, type Release } from './release-shelves.ts';

const RUNS = 20;

type Deps = Pick<OfficeDeps, 'catalog' | 'files' | 'journal' | 'log' | 'now' | 'settings' | 'sync'>;

/** What the release sync follows, what lies on the shelves and why, and what it did last. */
export async function releasesView(deps: Deps): Promise<ReleasesView> {
  const { catalog, files, journal, log, settings, sync } = deps;
  const { profiles } = catalog.current();
  const { holds } = await readState(files, log);
  const { targets, skipped } = planSync(profiles.values(), holds);
  const note = await readProgress(files, deps.now());
  const rows = new Map<string, { profiles: string[]; shelves: Release[]; held: string[] }>();
  const row = (target: string) => {
    const known = rows.get(target) ?? { profiles: [], shelves: [], held: [] };
    rows.set(target, known);
    return known;
  };
  for (const target of targets) row(target.id);
  for (const profile of profiles.values()) {
    const target = targetOf(profile);
    const why = skipped.find((one) => one.profile === profile.name)?.why;
    const hold = holdOf(holds, profile.name, profile.version);
    const held = why ?? (hold === undefined ? undefined : holdText(hold));
    if (profile.version === '' && !rows.has(target)) continue;
    row(target).profiles.push(profile.name);
    if (held !== undefined) row(target).held.push(`${profile.name}: ${held}`);
  }
  for (const release of await publishedReleases(deps)) row(release.series).shelves.push(release);
  const { schedule } = settings.sync;
  const nextRun = sync.nextRun();
  return {
    running: sync.isRunning() || note?.running === true,
    ...(schedule === undefined ? {} : { schedule }),
    ...(nextRun === undefined ? {} : { nextRun }),
    targets: [...rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([target, { profiles: names, shelves, held }]) => ({
        target,
        profiles: names.sort(),
        shelves: shelves.map(shownShelf),
        ...(held.length === 0 ? {} : { held: held.join('; ') }),
        ...progressOf(note, target),
      })),
    runs: journal.status().on ? await journal.syncRuns(RUNS) : [],
  };
}

function shownShelf({
  shelf,
  version,
  size,
  publishedAt,
  verified,
  keptBecause,
}: Release): ReleaseRow['shelves'][number] {
  return {
    shelf,
    version,
    size,
    keptBecause,
    ...(publishedAt === undefined ? {} : { publishedAt }),
    ...(verified === undefined ? {} : { verified }),
  };
}

/** Of the run under way; of the last one only what failed: all else is history. */
function progressOf(note: ProgressNote | undefined, target: string): Pick<ReleaseRow, 'progress'> {
  const progress = note !== undefined && Object.hasOwn(note.targets, target) ? note.targets[target] : undefined;
  if (note === undefined || progress === undefined || (!note.running && progress.state !== 'failed')) return {};
  const { state, version, received, size, message } = progress;
  return {
    progress: {
      state,
      received,
      size,
      ...(version === undefined ? {} : { version }),
      ...(message === undefined ? {} : { message }),
    },
  };
}
