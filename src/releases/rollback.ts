import { machinePlan, missingFiles, typicalMachines } from '../boot/machine-plan.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import { type AppContext, likelyOrigin, readContext } from '../context/app-context.ts';
import { Failure } from '../model/failure.ts';
import { builds, compareVersions, parseVersion, type Profile, type Version } from '../model/profile.ts';
import { SILENT } from '../model/service.ts';
import type { Locked } from '../model/sync-event.ts';
import type { RolledBack } from '../model/release-views.ts';
import type { Settings } from '../settings/settings.ts';
import { folderOf, listByHand } from './by-hand.ts';
import { targetOf } from './plan.ts';
import { rollbackHold, takeRolloutHolds } from './rollout-holds.ts';
import type { ShelfRelease } from '../images/manifest.ts';
import { listReleases } from './retain.ts';
import { readState, withHold, writeState } from './sync-state.ts';
import { underLock } from './sync-runner.ts';
import { setVersion } from '../catalog/edit-profile.ts';
import { profileNamed } from '../catalog/snapshot.ts';

/** Lets a profile boot the release before (or the named one), and keeps it there until there is a newer one. */
export async function rollback(settings: Settings, name: string, wanted?: string): Promise<Locked<RolledBack>> {
  const appContext = await readContext(settings);
  const { files, catalog } = appContext;
  return await underLock(files, 'a rollback', async () => {
    const snapshot = await catalog.refresh();
    const profile = profileNamed(snapshot, name);
    refuseInRollout(snapshot, name);
    if (profile.system === 'custom')
      throw new Failure('invalid', `${name} is a custom system: edit its "kernel" and "initrd"`);
    const version =
      wanted === undefined
        ? versionBefore(profile, [...(await listReleases(files)), ...(await listByHand(files, catalog.current()))])
        : versionOf(wanted);
    await checkThere(appContext, settings, profile, version);
    const state = await takeRolloutHolds(files, await readState(files, SILENT), snapshot);
    const hold = profile.update === 'auto' ? rollbackHold(profile, version, state) : undefined;
    // First the hold: a crash in between leaves one for a version that the profile does not name, which holds nothing.
    if (hold !== undefined) await writeState(files, withHold(state, name, hold));
    const change = await setVersion(files, profile.file, version);
    if (change === 'none')
      throw new Failure('broken', 'names no version that could be rewritten', {
        place: { file: profile.file, key: 'version' },
      });
    return {
      profile: name,
      from: profile.version,
      to: version,
      ...(hold?.above === undefined ? {} : { heldAbove: hold.above }),
    };
  });
}

/** Two who decide about one version: the rollout would write its own in the end. */
function refuseInRollout({ rollouts }: Pick<Snapshot, 'rollouts'>, name: string): void {
  const choice = rollouts.get(name);
  if (choice === undefined) return;
  throw new Failure('conflict', `a rollout of ${choice.to} is under way for ${name}`, {
    remedy: `\`pilotlight rollout ${name} --abort\` lets all machines have the old version`,
  });
}

export function versionOf(text: string): Version {
  const version = parseVersion(text);
  if (version === undefined)
    throw new Failure('invalid', 'a version is letters, digits, dot, plus, hyphen and underscore');
  return version;
}

// Neither a rollback nor a rollout leads to an image that is not here.
export async function checkThere(
  appContext: Pick<AppContext, 'catalog' | 'imageStore'>,
  settings: Settings,
  profile: Profile,
  version: Version,
): Promise<void> {
  const origin = likelyOrigin(settings);
  const missing: string[] = [];
  for (const { match, facts } of typicalMachines({ ...profile, version })) {
    const plan = machinePlan(match, { facts, origin, around: appContext.catalog.current() });
    missing.push(...(await missingFiles(plan, appContext.imageStore)));
  }
  if (missing[0] === undefined) return;
  throw new Failure('not-found', `images/${missing[0]} is not there`, {
    remedy: 'see `pilotlight images` for what is',
  });
}

/** The newest release before the one that a profile names, of the same channel. Throws Failure `not-found`. */
export function versionBefore(profile: Profile, releases: readonly ShelfRelease[]): Version {
  const now = parseVersion(profile.version);
  const all = builds(profile).map((build) => {
    const folder = folderOf(build);
    const series = releases.filter(({ series: of, byHand, shelf }) =>
      // Of what an operator put there no channel is known: the folder counts.
      byHand === true ? shelf.slice(0, shelf.lastIndexOf('/')) === folder : of === targetOf(build),
    );
    return series.map(({ version }) => version);
  });
  const [first = [], ...others] = all;
  const older = first
    .filter((version) => others.every((versions) => versions.includes(version)))
    .flatMap((version) => parseVersion(version) ?? [])
    .filter((version) => now !== undefined && compareVersions(version, now) < 0)
    .sort(compareVersions);
  const before = older.at(-1);
  if (before !== undefined) return before;
  throw new Failure(
    'not-found',
    `nothing older than ${profile.version} of ${builds(profile).map(targetOf).join(' and ')} is on the shelf`,
    {
      remedy: 'see `pilotlight images`; a release that is not there can be named for a mirror that still has it',
    },
  );
}

/** Lets a profile keep its version, or follow its channel again. Gives one line for people. */
export async function pinProfile(settings: Settings, name: string, change: 'pin' | 'unpin'): Promise<Locked<string>> {
  const { files, catalog } = await readContext(settings);
  return await underLock(files, 'a change of pins', async () => {
    const snapshot = await catalog.refresh();
    const { version, update } = profileNamed(snapshot, name);
    refuseInRollout(snapshot, name);
    if (update === 'manual') return `${name} has "update": "manual": the sync leaves it alone anyway`;
    if (change === 'pin' && version === '') throw new Failure('invalid', `${name} names no version that could be kept`);
    const state = await takeRolloutHolds(files, await readState(files, SILENT), snapshot);
    const hold = change === 'pin' ? ({ version, until: 'unpinned' } as const) : undefined;
    await writeState(files, withHold(state, name, hold));
    return change === 'pin'
      ? `${name} keeps ${version} until \`pilotlight sync --unpin ${name}\``
      : `${name} follows its channel again`;
  });
}
