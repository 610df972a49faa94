import type { DataRoot } from '../../files/data-root.ts';
import { MANIFEST_BYTES, MANIFEST_NAME, parseManifest } from '../../images/manifest.ts';
import { unlessFailed } from '../../model/failure.ts';
import { builds, compareVersions, parseVersion } from '../../model/profile.ts';
import type { ReleaseRow, ReleasesView } from '../../model/release-views.ts';
import { planSync, targetOf } from '../../releases/plan.ts';
import type { PublishedManifest } from '../../releases/publish.ts';
import { retentionPlan } from '../../releases/retain.ts';
import { holdOf, holdText, readState } from '../../releases/sync-state.ts';
import type { AdminDeps } from './deps.ts';

const RUNS = 20;

type Deps = Pick<AdminDeps, 'catalog' | 'files' | 'journal' | 'log' | 'now' | 'settings' | 'sync'>;

/** What the release sync follows, what lies on the shelves and why, and what it did last. */
export async function releasesView(deps: Deps): Promise<ReleasesView> {
  const { catalog, files, journal, log, settings, sync } = deps;
  const { profiles } = catalog.current();
  const { holds } = await readState(files, log);
  const { targets, skipped } = planSync(profiles.values(), holds);
  const rows = new Map<string, { profiles: string[]; shelves: Release[]; held: string[] }>();
  const row = (target: string) => {
    const known = rows.get(target) ?? { profiles: [], shelves: [], held: [] };
    rows.set(target, known);
    return known;
  };
  for (const target of targets) row(target.id);
  for (const profile of profiles.values()) {
    const why = skipped.find((one) => one.profile === profile.name)?.why;
    const hold = holdOf(holds, profile);
    const held = why ?? (hold === undefined ? undefined : holdText(hold));
    for (const target of builds(profile).map(targetOf)) {
      if (profile.version === '' && !rows.has(target)) continue;
      row(target).profiles.push(profile.name);
      if (held !== undefined) row(target).held.push(`${profile.name}: ${held}`);
    }
  }
  for (const release of await publishedReleases(deps)) row(release.series).shelves.push(release);
  const { schedule } = settings.sync;
  const nextRun = sync.nextRun();
  return {
    running: sync.progress.isRunning(),
    schedule,
    nextRun,
    targets: [...rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([target, { profiles: names, shelves, held }]) => ({
        target,
        profiles: names.sort(),
        shelves: shelves.map(shown),
        held: held.length === 0 ? undefined : held.join('; '),
        progress: progressOf(sync, target),
      })),
    runs: journal.status().on ? await journal.syncRuns(RUNS) : [],
  };
}

/** Without what only the server needs. */
function shown({
  shelf,
  version,
  size,
  keptBecause,
  publishedAt,
  verified,
  byHand,
}: Release): ReleaseRow['shelves'][number] {
  return { shelf, version, size, keptBecause, publishedAt, verified, byHand };
}

/** Of the run under way; of the last one only what failed: all else is history. */
function progressOf({ progress }: Deps['sync'], target: string): ReleaseRow['progress'] {
  const found = progress.targets().get(target);
  if (found === undefined || (!progress.isRunning() && found.state !== 'failed')) return undefined;
  const { state, version, received, size, message } = found;
  return { state, received, size, version, message };
}

type Release = ReleaseRow['shelves'][number] & {
  /** System, channel and architecture. */
  readonly series: string;
};

/** Every release that was published here, newest first, with what keeps it. */
export async function publishedReleases({
  catalog,
  files,
  now,
  settings,
}: Pick<AdminDeps, 'catalog' | 'files' | 'now' | 'settings'>): Promise<readonly Release[]> {
  const { keepReleases: keep } = settings.sync;
  const plan = await retentionPlan(files, { snapshot: catalog.current(), keep, now: now() });
  const all = [
    ...plan.keep.map(({ release, because }) => ({ ...release, keptBecause: because })),
    ...plan.remove.map((release) => ({ ...release, keptBecause: [] })),
  ];
  // Without a proof where the release went meanwhile, or its manifest was edited.
  const proven = await Promise.all(
    all.map(async (one) => ({ ...one, ...(await unlessFailed(proof(files, one.shelf))) })),
  );
  return proven.sort((a, b) => order(b.version, a.version));
}

function order(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left === undefined || right === undefined ? 0 : compareVersions(left, right);
}

/** When it was published, and why it is believed. */
async function proof(files: DataRoot, shelf: string): Promise<Pick<Release, 'publishedAt' | 'verified'>> {
  const text = (await files.read(`images/${shelf}/${MANIFEST_NAME}`, MANIFEST_BYTES)).bytes.toString('utf8');
  parseManifest(text);
  const { publishedAt, files: published, digestsGiven } = JSON.parse(text) as PublishedManifest;
  const at = Date.parse(publishedAt);
  const verified = digestsGiven === true ? 'SHA-256 that an operator gave' : believed(published);
  return { publishedAt: Number.isNaN(at) ? undefined : at, verified };
}

function believed(files: PublishedManifest['files']): string | undefined {
  const evidence = Object.values(files).flatMap(({ evidence: one }) => one ?? []);
  const keys = [...new Set(evidence.flatMap(({ signature }) => signature?.primary ?? []))];
  const signed = keys.length === 0 ? [] : [`signed by ${keys.join(', ')}`];
  const digests = [...new Set(evidence.flatMap(({ digests: names }) => names))].map((name) => name.toUpperCase());
  const listed = digests.length === 0 ? [] : [`${digests.join(' and ')} of the publisher`];
  const all = [...signed, ...listed];
  return all.length === 0 ? undefined : all.join(', ');
}
