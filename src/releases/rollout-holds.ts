import type { Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import { omitUndefined } from '../model/machine.ts';
import { builds, compareVersions, parseVersion, type Profile, type Version } from '../model/profile.ts';
import type { Rollouts } from '../model/rollout.ts';
import { changeRollouts, readRollouts } from '../rollouts/rollout-file.ts';
import { targetOf } from './plan.ts';
import { type Hold, holdOf, type SyncState, withHold, writeState } from './sync-state.ts';

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
    const known = holdOf(all.holds, profile);
    // A pin is the operator's own word, and holds more.
    if (known?.until === 'unpinned') return all;
    // What came meanwhile did not fail: only what did, and what was held before, is held.
    return withHold(all, name, { version, until: 'next', above: newest(to, from, known?.above ?? '') ?? version });
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
  await changeRollouts(root, (now) => heldRollouts(now, rollouts, snapshot));
  return held;
}

/** What keeps a profile at a version until its publisher has something that is newer than all that it knows. */
export function rollbackHold(profile: Profile, version: Version, state: SyncState): Hold {
  const accepted = builds(profile).map((build) => state.accepted[targetOf(build)] ?? '');
  return { version, until: 'next', above: newest(profile.version, version, ...accepted) ?? version };
}

function newest(...versions: readonly string[]): Version | undefined {
  return versions
    .flatMap((text) => parseVersion(text) ?? [])
    .sort(compareVersions)
    .at(-1);
}

/**
 * Without the mark of those whose hold is written. One that failed since they were read keeps it, and so does that of a
 * profile that cannot be read now, or follows nothing: once it does again, it must not begin with what failed.
 */
function heldRollouts(now: Rollouts, read: Rollouts, { profiles }: Pick<Snapshot, 'profiles'>): Rollouts {
  const written = [...now].filter(
    ([name, { unheld, begun, from }]) =>
      unheld === true &&
      read.get(name)?.unheld === true &&
      read.get(name)?.begun === begun &&
      (profiles.get(name)?.update === 'auto' || (profiles.get(name)?.version ?? from) !== from),
  );
  if (written.length === 0) return now;
  const without = written.map(([name, rollout]) => [name, omitUndefined({ ...rollout, unheld: undefined })] as const);
  return new Map([...now, ...without]);
}
