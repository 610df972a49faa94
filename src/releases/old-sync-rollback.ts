import { Failure } from '../model/failure.ts';
import type { Profile } from '../model/profile.ts';
import { compareVersions, parseVersion, type Version } from '../model/version.ts';
import type { ShelfRelease } from './retain.ts';
import type { Hold, SyncState } from './holds.ts';
import { targetOf } from './plan.ts';

/** The newest release before the one that a profile names, of the same channel. Throws Failure `not-found`. */
export function versionBefore(profile: Profile, releases: readonly ShelfRelease[]): Version {
  const now = parseVersion(profile.version);
  const series = releases.filter((release) => release.series === targetOf(profile));
  const older = series
    .flatMap(({ version }) => parseVersion(version) ?? [])
    .filter((version) => now !== undefined && compareVersions(version, now) < 0)
    .sort(compareVersions);
  const before = older.at(-1);
  if (before !== undefined) return before;
  throw new Failure('not-found', `nothing older than ${profile.version} of ${targetOf(profile)} is on the shelf`, {
    remedy: 'see `pilotlight images`; a release that is not there can be named for a mirror that still has it',
  });
}

/** What keeps a profile at a version until its publisher has something that is newer than all that it knows. */
export function rollbackHold(profile: Profile, version: Version, state: SyncState): Hold {
  const known = [profile.version, version, state.accepted[targetOf(profile)] ?? ''];
  const above =
    known
      .flatMap((text) => parseVersion(text) ?? [])
      .sort(compareVersions)
      .at(-1) ?? version;
  return { version, until: 'next', above };
}
