import { Failure } from '../../model/failure.ts';
import type { ReleaseRow } from '../../model/office-views.ts';
import { compareVersions, parseVersion } from '../../model/version.ts';
import type { DataRoot } from '../../files/data-root.ts';
import { MANIFEST_NAME, parseManifest } from '../../images/manifest.ts';
import type { PublishedManifest } from '../../releases/publish.ts';
import { bootedLately, readBootTimes } from '../../releases/boot-record.ts';
import { retentionPlan } from '../../releases/retention.ts';
import type { OfficeDeps } from './deps.ts';

export type Release = ReleaseRow['shelves'][number] & {
  /** System, channel and architecture. */
  readonly series: string;
};

/** Every release that was published here, newest first, with what keeps it. */
export async function publishedReleases({
  catalog,
  files,
  now,
  settings,
}: Pick<OfficeDeps, 'catalog' | 'files' | 'now' | 'settings'>): Promise<readonly Release[]> {
  const plan = await retentionPlan(files, {
    profiles: () => Promise.resolve(catalog.current()),
    booted: async () => bootedLately(await readBootTimes(files), now()),
    keep: settings.sync.keepReleases,
  });
  const all = [
    // Profiles' and series' names hold no comma, so the reasons come apart again.
    ...plan.keep.map(({ release, because }) => ({ ...release, keptBecause: because.split(', ') })),
    ...plan.remove.map((release) => ({ ...release, keptBecause: [] })),
  ];
  const shown = await Promise.all(all.map(async (one) => ({ ...one, ...(await proof(files, one.shelf)) })));
  return shown.sort((a, b) => order(b.version, a.version));
}

function order(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left === undefined || right === undefined ? 0 : compareVersions(left, right);
}

/** When it was published, and why it is believed. */
async function proof(files: DataRoot, shelf: string): Promise<Pick<Release, 'publishedAt' | 'verified'>> {
  try {
    const text = (await files.read(`images/${shelf}/${MANIFEST_NAME}`, 1024 * 1024)).bytes.toString('utf8');
    parseManifest(text);
    const { publishedAt, files: published } = JSON.parse(text) as PublishedManifest;
    const at = Date.parse(publishedAt);
    const verified = believed(published);
    return { ...(Number.isNaN(at) ? {} : { publishedAt: at }), ...(verified === undefined ? {} : { verified }) };
  } catch (error) {
    // It went, or somebody edited it: the row is right without.
    if (error instanceof Failure) return {};
    throw error;
  }
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
