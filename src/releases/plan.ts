import type { FeedInput } from '../model/release.ts';
import { type Arch, type BuiltProfile, builds, type SystemId, type Version, type Profile } from '../model/profile.ts';
import type { SkippedProfile } from '../model/sync-event.ts';
import { installsFromShelf } from '../os/system.ts';
import { holdOf, type Holds, holdText } from './sync-state.ts';

/** One channel to look up and publish here, and the profiles that want it. */
export interface SyncTarget {
  /** `flatcar/stable/amd64`, `custom/rescue`. */
  readonly id: string;
  readonly system: SystemId;
  readonly channel: string;
  readonly arch: Arch;
  /** Also what the system's own installer downloads. */
  readonly install: boolean;
  /** Never empty, except for what is imported by name. */
  readonly profiles: readonly BuiltProfile[];
  readonly custom?: NonNullable<FeedInput['custom']>;
  /** Exactly this release instead of the current one. */
  readonly version?: Version;
}

export interface SyncPlan {
  readonly targets: readonly SyncTarget[];
  readonly skipped: readonly SkippedProfile[];
}

/** Which channels the profiles follow, and which profiles follow none and why; pure. */
export function planSync(profiles: Iterable<Profile>, holds: Holds): SyncPlan {
  const targets = new Map<string, SyncTarget>();
  const skipped: SkippedProfile[] = [];
  for (const profile of profiles) {
    const why = reasonToSkip(profile, holds);
    if (why !== undefined) {
      skipped.push({ profile: profile.name, why });
      continue;
    }
    for (const build of builds(profile)) {
      const id = targetOf(build);
      const before = targets.get(id);
      targets.set(id, {
        ...(before ?? newTarget(id, build)),
        install: before?.install === true || wantsInstallImage(build),
        profiles: [...(before?.profiles ?? []), build],
      });
    }
  }
  return { targets: [...targets.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), skipped };
}

/** Also when it installs from us: the machine would wait for a file that is never fetched. */
function wantsInstallImage(profile: Profile): boolean {
  return profile.mirror?.includes('install') === true || installsFromShelf(profile);
}

/** What a profile follows: profiles with the same answer get the same release. */
export function targetOf({ system, channel, arch, name }: BuiltProfile): string {
  return system === 'custom' ? `custom/${name}` : `${system}/${channel}/${arch}`;
}

function newTarget(id: string, profile: BuiltProfile): SyncTarget {
  const { system, channel, arch, name, release } = profile;
  const custom = system === 'custom' ? { custom: { profile: name, release: release ?? {} } } : {};
  return { id, system, channel, arch, install: false, profiles: [], ...custom };
}

function reasonToSkip(profile: Profile, holds: Holds): string | undefined {
  if (profile.update === 'manual') return 'its "update" is "manual"';
  if (profile.system === 'custom') return profile.release === undefined ? 'it names its own files' : undefined;
  if (profile.version === '') return 'it names no "version": write any, the sync then keeps it current';
  const hold = holdOf(holds, profile);
  return hold?.until === 'unpinned' ? holdText(hold) : undefined;
}
