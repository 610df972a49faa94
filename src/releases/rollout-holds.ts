import type { Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import { omitUndefined } from '../model/machine.ts';
import { builds, compareVersions, parseVersion, type Profile, type Version } from '../model/profile.ts';
import type { Rollouts } from '../model/rollout.ts';
import { changeRollouts, readRollouts } from '../rollouts/rollout-file.ts';
import { targetOf } from './plan.ts';
import { type Hold, type SyncState, withHold, writeState } from './sync-state.ts';

/**
 * With the holds of rollouts that were rolled back or aborted, which no run has written here yet. `profiles`: as the files
 * have them now.
 */
export function withRolloutHolds(
  state: SyncState,
  rollouts: Rollouts,
  { profiles }: Pick<Snapshot, 'profiles'>,
): SyncState {
  return [...rollouts].reduce((all, [name, { unheld, from, to }]) => {
    const profile = profiles.get(name);
    const version = parseVersion(from);
    if (unheld !== true || version === undefined || profile?.update !== 'auto' || profile.version !== from) return all;
    return withHold(all, name, rollbackHold({ ...profile, version: to }, version, all));
  }, state);
}

/** Writes them down. Under the lock. */
export async function takeRolloutHolds(
  root: DataRoot,
  state: SyncState,
  snapshot: Pick<Snapshot, 'profiles'>,
): Promise<SyncState> {
  const { rollouts } = await readRollouts(root);
  if (![...rollouts.values()].some(({ unheld }) => unheld === true)) return state;
  const held = withRolloutHolds(state, rollouts, snapshot);
  await writeState(root, held);
  await changeRollouts(root, heldRollouts);
  return held;
}

/** What keeps a profile at a version until its publisher has something that is newer than all that it knows. */
export function rollbackHold(profile: Profile, version: Version, state: SyncState): Hold {
  const accepted = builds(profile).map((build) => state.accepted[targetOf(build)] ?? '');
  const known = [profile.version, version, ...accepted];
  const above =
    known
      .flatMap((text) => parseVersion(text) ?? [])
      .sort(compareVersions)
      .at(-1) ?? version;
  return { version, until: 'next', above };
}

function heldRollouts(rollouts: Rollouts): Rollouts {
  return new Map([...rollouts].map(([name, rollout]) => [name, omitUndefined({ ...rollout, unheld: undefined })]));
}
