import type { Snapshot } from '../catalog/snapshot.ts';
import { Failure } from '../model/failure.ts';
import { nearest } from '../model/nearest.ts';
import type { Profile } from '../model/profile.ts';
import type { Hold, SyncState } from './holds.ts';

/** The profile of that name. Throws Failure `not-found` that says which one was probably meant. */
export function profileNamed(snapshot: Pick<Snapshot, 'profiles' | 'problems'>, name: string): Profile {
  const profile = snapshot.profiles.get(name);
  if (profile !== undefined) return profile;
  const file = `profiles/${name}.json`;
  const broken = snapshot.problems.some(({ severity, place }) => severity === 'error' && place.file === file);
  if (broken) throw new Failure('broken', 'cannot be used', { place: { file }, remedy: 'see `pilotlight check`' });
  const near = nearest(name, snapshot.profiles.keys());
  throw new Failure(
    'not-found',
    `there is no profile "${name}"`,
    near === undefined ? {} : { remedy: `did you mean "${near}"?` },
  );
}

/** The state in which a profile has this hold, or none. */
export function withHold(state: SyncState, profile: string, hold: Hold | undefined): SyncState {
  const others = Object.entries(state.holds).filter(([name]) => name !== profile);
  return { ...state, holds: Object.fromEntries(hold === undefined ? others : [...others, [profile, hold]]) };
}
