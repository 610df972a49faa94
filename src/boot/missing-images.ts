import type { Snapshot } from '../catalog/snapshot.ts';
import type { ImageStore } from '../images/store.ts';
import { Failure, type FileDiagnostic } from '../model/failure.ts';
import type { Origin } from '../model/plan.ts';
import { initrdPath, type Profile } from '../model/profile.ts';
import { JsonPlaces } from '../text/json.ts';
import { machinePlan, missingFiles, typicalMachines } from './machine-plan.ts';

/** Of all profiles, as `check`, /healthz and Health say it. */
export async function allMissingImages(
  snapshot: Snapshot,
  origin: Origin,
  imageStore: Pick<ImageStore, 'has'>,
): Promise<readonly FileDiagnostic[]> {
  const profiles = [...snapshot.profiles.values()];
  return (await Promise.all(profiles.map((profile) => missingImages(profile, snapshot, origin, imageStore)))).flat();
}

/** What a typical machine of the profile would boot and does not lie below images/: its machines wait for it. */
export async function missingImages(
  profile: Profile,
  snapshot: Snapshot,
  origin: Origin,
  imageStore: Pick<ImageStore, 'has'>,
): Promise<readonly FileDiagnostic[]> {
  if (profile.boot === 'local') return [];
  try {
    const plans = typicalMachines(profile).map(({ match, facts }) =>
      machinePlan(match, { facts, origin, around: snapshot }),
    );
    const missing = (await Promise.all(plans.map((plan) => missingFiles(plan, imageStore)))).flat();
    if (missing.length === 0) return [];
    const places = new JsonPlaces(snapshot.sources.get(profile.name)?.toString('utf8') ?? '{}');
    return missing.map((path) => missingImage(path, profile, places));
  } catch (error) {
    // What the plan cannot say has been said by the inspector.
    if (error instanceof Failure) return [];
    throw error;
  }
}

function missingImage(path: string, profile: Profile, places: JsonPlaces): FileDiagnostic {
  const message = `images/${path} is not there`;
  const key = profile.kernel === path ? 'kernel' : profile.initrd.map(initrdPath).includes(path) ? 'initrd' : 'version';
  const newest = key === 'version' && /^(?:latest|newest|current|stable|beta|alpha|lts)$/.test(profile.version);
  const change = path.startsWith('images/')
    ? 'leave out images/: the path begins below it'
    : newest
      ? 'remove "version": `pilotlight sync` looks up the newest release of the channel and writes it there'
      : key === 'version' && isFetched(profile)
        ? SYNC[profile.update]
        : `change the ${key}`;
  return {
    severity: 'warning',
    message,
    place: { file: profile.file, key, ...places.value([key]) },
    remedy: `put it there, or ${change}; machines wait until it is there`,
  };
}

const SYNC: Readonly<Record<Profile['update'], string>> = {
  auto: 'run `pilotlight sync`, which fetches the newest release of the channel and writes its version there',
  manual: 'change the version; `pilotlight sync` fetches nothing for a profile with "update": "manual"',
};

/** Container Linux is no longer published, and files that the profile names itself are fetched only with a "release". */
function isFetched({ system, release }: Profile): boolean {
  return system === 'custom' ? release !== undefined : system !== 'coreos';
}
