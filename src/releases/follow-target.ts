import { setVersion } from '../catalog/edit-profile.ts';
import { MANIFEST_NAME } from '../images/manifest.ts';
import { asFailure, Failure, failureLine, unlessFailed } from '../model/failure.ts';
import {
  type BuiltProfile,
  builds,
  compareVersions,
  parseVersion,
  type Profile,
  type Version,
} from '../model/profile.ts';
import type { ReleaseRef, ReleaseSpec } from '../model/release.ts';
import type { TargetReport, VersionRewrite } from '../model/sync-event.ts';
import { trustedKeys } from '../os/feed-steps.ts';
import { beginning, withdrawn } from '../rollouts/rollout-actions.ts';
import { changeRollouts } from '../rollouts/rollout-file.ts';
import { keysThatEnd } from './keys.ts';
import { obtainRelease } from './obtain.ts';
import type { Followed, ReleasePorts, SyncOptions, SyncRunPorts } from './ports.ts';
import { type SyncTarget, targetOf } from './plan.ts';
import { publishedState } from './publish.ts';
import { resolveRelease } from './resolve.ts';
import { listReleases } from './retain.ts';
import { shelvesOf } from './in-use.ts';
import { withRolloutHolds } from './rollout-holds.ts';
import { holdOf, holdText, type SyncState } from './sync-state.ts';

const DAY_MS = 86_400_000;
/** Every channel that is followed here publishes more often than once in a quarter. */
const QUIET_DAYS = 90;

/**
 * Brings one target up to date; a dry run only reads the feed and says what would be done. Throws Failure; then its
 * profiles boot what they booted before.
 */
export async function followTarget(
  target: SyncTarget,
  state: SyncState,
  ports: SyncRunPorts,
  { dryRun = false, allowDowngrade = false }: SyncOptions,
): Promise<Followed> {
  const spec = await lookUp(target, ports);
  const { ref, artifacts } = spec;
  const { version, shelf } = ref;
  const profiles = target.profiles.map(({ name }) => name);
  ports.emit({ kind: 'found', target: target.id, version, shelf, files: artifacts.length, profiles });
  const ended = (outcome: TargetReport['outcome'], more: Partial<Followed> = {}, message?: string): Followed => ({
    report: { target: target.id, profiles, version, outcome, message },
    rewritten: [],
    state,
    ...more,
  });

  const holds = target.profiles.flatMap((profile) => {
    const hold = holdOf(state.holds, profile, version);
    return hold === undefined ? [] : [{ profile: profile.name, why: holdText(hold) }];
  });
  if (profiles.length > 0 && holds.length === profiles.length) {
    if (!dryRun) for (const held of holds) ports.emit({ kind: 'kept', target: target.id, ...held });
    return ended('held');
  }
  if (!dryRun) await tellNotes(spec, target, ports);
  if (!allowDowngrade) checkDowngrade(ref, await versionInForce(target, state, ports));
  if (dryRun) {
    if ((await publishedState(ports.releases.root, spec)) === 'absent') return ended('would-fetch');
    const behind = target.system !== 'custom' && target.profiles.some((profile) => profile.version !== version);
    return ended(behind ? 'would-rewrite' : 'current');
  }

  const { outcome } = await obtainRelease(spec, portsFor(target, ports));
  if (outcome === 'already') await tellAboutPublished(spec, target, ports);
  const { rewritten, problem } = await rewriteProfiles(target, version, state, ports, allowDowngrade);
  const after = { rewritten, state: remember(target, version, rewritten, state) };
  if (problem !== undefined) return ended('failed', after, problem);
  return ended(outcome === 'published' || rewritten.length > 0 ? 'published' : 'current', after);
}

/** Asks the publisher (or the mirror) which release is the current one. */
async function lookUp(target: SyncTarget, ports: SyncRunPorts): Promise<ReleaseSpec> {
  const { system, channel, arch, install, custom, version } = target;
  const step = ports.feeds[system].start({
    channel,
    arch,
    install,
    custom,
    version,
    legacySha1: ports.allowSha1,
    mirror: ports.mirror(system),
    pinned: ports.pinned(system),
  });
  const spec = await resolveRelease(system, step, portsFor(target, ports));
  await checkStillSigned(spec, ports);
  return spec;
}

/** The release room's ports, whose events say which target they belong to. */
function portsFor({ id }: SyncTarget, { releases, emit }: Pick<SyncRunPorts, 'releases' | 'emit'>): ReleasePorts {
  return {
    ...releases,
    progress: (event) => {
      emit({ target: id, ...event });
    },
  };
}

/** A channel whose versions were signed once goes on being signed: leaving a signature out must be of no use. */
async function checkStillSigned({ ref, versionSignedAt }: ReleaseSpec, { releases }: SyncRunPorts): Promise<void> {
  if (versionSignedAt !== undefined) return;
  const series = [ref.system, ref.channel, ref.arch].join('/');
  const before = (await listReleases(releases.root)).find((one) => one.series === series && one.versionSigned === true);
  if (before === undefined) return;
  throw new Failure(
    'refused',
    `${series} ${ref.version} comes without a signed version.txt, which ${before.version} had`,
    { remedy: 'copy version.txt and version.txt.sig of that release to where the others were' },
  );
}

async function tellNotes({ notes = [] }: ReleaseSpec, { id, system }: SyncTarget, ports: SyncRunPorts): Promise<void> {
  const pinned = trustedKeys(ports.feeds[system], ports.pinned(system));
  const ends = await keysThatEnd(system, pinned, ports.releases, ports.releases.network.clock.now());
  for (const message of [...notes, ...ends.map(({ message: end, remedy }) => `${end}: ${remedy}`)])
    ports.emit({ kind: 'note', target: id, message });
}

/** Throws Failure `refused` for a release older than the one in force: a replayed `current`, or a mirror gone back. */
function checkDowngrade(ref: ReleaseRef, inForce: Version | undefined): void {
  if (inForce === undefined || compareVersions(ref.version, inForce) >= 0) return;
  throw new Failure('refused', `${ref.system} ${ref.channel} offers ${ref.version}, which is older than ${inForce}`, {
    remedy: 'if the publisher withdrew the newer release, run `pilotlight sync --allow-downgrade`',
  });
}

/**
 * The newest version that the target's profiles boot, or that the sync once accepted. A profile that was moved to
 * another channel still names that channel's release: it does not count, for channels number their releases each in
 * their own way.
 */
async function versionInForce(target: SyncTarget, state: SyncState, ports: SyncRunPorts): Promise<Version | undefined> {
  if (target.system === 'custom') return undefined;
  const published = await listReleases(ports.releases.root);
  const own = target.profiles.filter((profile) => {
    const [shelf] = shelvesOf(profile);
    const series = published.find((release) => release.shelf === shelf)?.series;
    return series === undefined || series === target.id;
  });
  const accepted = Object.hasOwn(state.accepted, target.id) ? state.accepted[target.id] : undefined;
  const versions = [...own.map(({ version }) => version), accepted ?? ''].flatMap((text) => parseVersion(text) ?? []);
  return versions.sort(compareVersions).at(-1);
}

/** A published folder never changes, so what a profile asks for later comes with the next release. */
async function tellAboutPublished(spec: ReleaseSpec, { id }: SyncTarget, ports: SyncRunPorts): Promise<void> {
  const { root, network } = ports.releases;
  const { shelf } = spec.ref;
  const note = (message: string): void => {
    ports.emit({ kind: 'note', target: id, message });
  };
  for (const { name, optional } of spec.artifacts) {
    if (optional === true || (await unlessFailed(root.stat(`images/${shelf}/${name}`), 'not-found'))) continue;
    const after = `after \`images/${shelf}\` was moved away`;
    note(`${shelf} was published without ${name}, which is asked for now: it comes with the next release, or ${after}`);
    break;
  }
  // A channel that stands still may be a publisher that forgot it, or an attacker who keeps new releases from us (TUF's
  // freeze attack): no check can tell them apart, so the operator is told.
  const manifest = await unlessFailed(root.stat(`images/${shelf}/${MANIFEST_NAME}`));
  const days = manifest === undefined ? 0 : Math.floor((network.clock.now() - manifest.mtimeMs) / DAY_MS);
  if (days > QUIET_DAYS)
    note(`nothing new for ${days} days: look at the publisher's page whether ${shelf} is still its newest release`);
}

/**
 * Only what the folder says now counts: a profile that was deleted, pinned or moved to another channel while the files
 * came is left alone.
 */
async function rewriteProfiles(
  target: SyncTarget,
  version: Version,
  state: SyncState,
  ports: SyncRunPorts,
  allowDowngrade: boolean,
): Promise<{ readonly rewritten: readonly VersionRewrite[]; readonly problem?: string }> {
  const rewritten: VersionRewrite[] = [];
  let problem: string | undefined;
  if (target.system === 'custom') return { rewritten };
  const { profiles } = await ports.profiles();

  /** Why it is left alone; undefined when it was rewritten, or names the version already. */
  const rewrite = async (name: string): Promise<string | undefined> => {
    const now = profiles.get(name);
    if (now === undefined) return 'it was deleted meanwhile';
    const hold = holdOf(state.holds, now, version);
    if (hold !== undefined) return holdText(hold);
    const all = builds(now);
    if (now.update !== 'auto' || !all.some((build) => targetOf(build) === target.id))
      return 'it was edited meanwhile and follows something else';
    const absent = await lackingBuild(all, version, target, ports);
    if (absent !== undefined) return `it boots ${absent}, too, which is not here yet`;
    if (await goesInWaves(now, version, ports)) return await beginRollout(now, version);
    if (allowDowngrade && now.version === version) {
      const at = ports.releases.network.clock.now();
      await changeRollouts(ports.releases.root, (rollouts) => withdrawn(rollouts, now, at));
    }
    const change = await setVersion(ports.releases.root, now.file, version);
    if (change === 'none') return 'it names no "version"';
    if (change !== 'written') return undefined;
    const one = { profile: name, from: now.version, to: version };
    rewritten.push(one);
    ports.emit({ kind: 'rewritten', target: target.id, ...one });
    return undefined;
  };

  /** The version in the file is rewritten when the rollout has gone well. */
  const beginRollout = async (profile: Profile, to: Version): Promise<string | undefined> => {
    let why: string | undefined;
    await changeRollouts(ports.releases.root, (rollouts) => {
      // It may have failed, or been aborted, while this run was under way.
      const hold = holdOf(withRolloutHolds(state, rollouts, { profiles }).holds, profile, to);
      const begun = beginning(rollouts, profile, to, ports.releases.network.clock.now());
      why = hold === undefined ? begun.why : holdText(hold);
      return hold === undefined ? begun.rollouts : rollouts;
    });
    const { name, version: from } = profile;
    if (why === undefined) ports.emit({ kind: 'rollout', target: target.id, profile: name, from, to });
    return why;
  };

  for (const { name } of target.profiles) {
    try {
      const why = await rewrite(name);
      if (why !== undefined) ports.emit({ kind: 'kept', target: target.id, profile: name, why });
    } catch (error) {
      const failure = asFailure(error);
      if (failure.code === 'not-found') {
        ports.emit({ kind: 'kept', target: target.id, profile: name, why: 'it was deleted meanwhile' });
        continue;
      }
      const message = failureLine(failure);
      problem ??= message;
      ports.emit({ kind: 'failed', target: target.id, message });
    }
  }
  return { rewritten, problem };
}

/** One version is booted by machines of either processor: it is written when both builds of it are here. */
async function lackingBuild(
  all: readonly BuiltProfile[],
  version: Version,
  { id }: SyncTarget,
  { releases }: SyncRunPorts,
): Promise<string | undefined> {
  for (const build of all.filter((one) => targetOf(one) !== id)) {
    const [shelf = ''] = shelvesOf({ ...build, version });
    if ((await unlessFailed(releases.root.stat(`images/${shelf}/${MANIFEST_NAME}`), 'not-found')) === undefined)
      return shelf;
  }
  return undefined;
}

/** A profile whose own release is not here, or that boots the new one already, has nothing to be careful with. */
async function goesInWaves(profile: Profile, version: Version, ports: SyncRunPorts): Promise<boolean> {
  if (profile.rollout === undefined || profile.version === version) return false;
  for (const shelf of builds(profile).flatMap(shelvesOf)) {
    const found = await unlessFailed(ports.releases.root.list(`images/${shelf}`), 'not-found');
    if (found !== undefined && found.names.length + found.broken.length > 0) return true;
  }
  return false;
}

function remember(
  { id, system }: SyncTarget,
  version: Version,
  rewritten: readonly VersionRewrite[],
  state: SyncState,
): SyncState {
  if (system === 'custom') return state;
  const over = rewritten.map(({ profile }) => profile).filter((name) => Object.hasOwn(state.holds, name));
  if (over.length === 0 && state.accepted[id] === version) return state;
  return {
    holds: Object.fromEntries(Object.entries(state.holds).filter(([name]) => !over.includes(name))),
    accepted: { ...state.accepted, [id]: version },
  };
}
