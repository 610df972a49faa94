import { setVersion } from '../catalog/set-version.ts';
import { MANIFEST_NAME } from '../images/manifest.ts';
import { Failure, failureLine } from '../model/failure.ts';
import { compareVersions, parseVersion, type Version } from '../model/profile.ts';
import type { FeedInput, ReleaseSpec } from '../model/release.ts';
import type { SyncEvent, TargetReport, VersionRewrite } from '../model/sync-event.ts';
import { trustedKeys } from '../os/feed-steps.ts';
import { keysThatEnd } from './key-ends.ts';
import { checkDowngrade, obtainRelease } from './obtain.ts';
import type { SyncRunPorts, Followed, ReleaseEvent, ReleasePorts, SyncOptions } from './ports.ts';
import { type SyncTarget, targetOf } from './plan.ts';
import { publishedState } from './publish.ts';
import { resolveRelease } from './resolve.ts';
import { listReleases } from './retain.ts';
import { holdOf, holdText, shelvesOf, stillHeld, type SyncState } from './state-file.ts';

const DAY_MS = 86_400_000;
/** Every channel that is followed here publishes more often than once in a quarter. */
const QUIET_DAYS = 90;

/**
 * A channel that stands still may be a publisher that forgot it, or somebody who keeps new releases from us (TUF's
 * freeze attack): nothing that we verify can tell, so a person is told. Undefined while the release is young, or was
 * not published by us.
 */
async function freezeWarning(
  shelf: string,
  ports: Pick<ReleasePorts, 'root' | 'network'>,
): Promise<string | undefined> {
  const published = await ports.root.stat(`images/${shelf}/${MANIFEST_NAME}`).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  if (published === undefined) return undefined;
  const days = Math.floor((ports.network.clock.now() - published) / DAY_MS);
  if (days <= QUIET_DAYS) return undefined;
  return `nothing new for ${days} days: look at the publisher's page whether ${shelf} is still its newest release`;
}

/** Brings one target up to date. Throws Failure; then its profiles boot what they booted before. */
export async function followTarget(
  target: SyncTarget,
  state: SyncState,
  ports: SyncRunPorts,
  options: SyncOptions,
): Promise<Followed> {
  const spec = await lookUp(target, ports);
  const { version, shelf } = spec.ref;
  const profiles = target.profiles.map(({ name }) => name);
  ports.tell({ kind: 'found', target: target.id, version, shelf, files: spec.artifacts.length, profiles });
  const report = { target: target.id, profiles, version };
  if (isHeld(target, version, state)) {
    for (const { name, version: now } of target.profiles) tellHeld(target, name, now, state, ports);
    return { report: { ...report, outcome: 'held' }, rewritten: [], state };
  }
  for (const message of [...(spec.notes ?? []), ...(await keyNotes(target, ports))])
    ports.tell({ kind: 'note', target: target.id, message });
  const inForce = await versionInForce(target, state, ports);
  const published = await obtainRelease(spec, portsFor(target, ports), {
    inForce,
    allowDowngrade: options.allowDowngrade === true,
  });
  if (published.outcome === 'already') {
    await noteIncomplete(spec, target, ports);
    const frozen = await freezeWarning(shelf, ports.releases);
    if (frozen !== undefined) ports.tell({ kind: 'note', target: target.id, message: frozen });
  }
  const { rewritten, problems } = await rewriteProfiles(target, version, state, ports);
  const outcome = published.outcome === 'published' || rewritten.length > 0 ? 'published' : 'current';
  const [problem] = problems;
  const whole: TargetReport =
    problem === undefined ? { ...report, outcome } : { ...report, outcome: 'failed', message: problem };
  return { report: whole, rewritten, state: remember(target, version, rewritten, state) };
}

async function keyNotes({ system }: SyncTarget, ports: SyncRunPorts): Promise<readonly string[]> {
  const pinned = trustedKeys(ports.feeds[system], ports.pinned(system));
  const ends = await keysThatEnd(system, pinned, ports.releases, ports.releases.network.clock.now());
  return ends.map(({ message, remedy }) => `${message}: ${remedy}`);
}

/** Whether nobody would boot the release that is offered. */
function isHeld(target: SyncTarget, offered: Version, state: SyncState): boolean {
  if (target.profiles.length === 0) return false;
  return target.profiles.every(({ name, version }) => {
    const hold = holdOf(state.holds, name, version);
    return hold !== undefined && stillHeld(hold, offered);
  });
}

function tellHeld(target: SyncTarget, profile: string, version: string, state: SyncState, ports: SyncRunPorts): void {
  const hold = holdOf(state.holds, profile, version);
  if (hold !== undefined) ports.tell({ kind: 'kept', target: target.id, profile, why: holdText(hold) });
}

/**
 * Only what the folder says now counts: who was deleted, pinned or moved to another channel while the files came is
 * left alone.
 */
async function rewriteProfiles(
  target: SyncTarget,
  version: Version,
  state: SyncState,
  ports: SyncRunPorts,
): Promise<{ readonly rewritten: readonly VersionRewrite[]; readonly problems: readonly string[] }> {
  const rewritten: VersionRewrite[] = [];
  const problems: string[] = [];
  if (target.system === 'custom') return { rewritten, problems };
  const { profiles } = await ports.profiles();
  for (const before of target.profiles) {
    const kept = (why: string): void => {
      ports.tell({ kind: 'kept', target: target.id, profile: before.name, why });
    };
    const now = profiles.get(before.name);
    if (now === undefined) {
      kept('it was deleted meanwhile');
      continue;
    }
    const hold = holdOf(state.holds, now.name, now.version);
    if (hold !== undefined && stillHeld(hold, version)) {
      kept(holdText(hold));
      continue;
    }
    if (now.update !== 'auto' || targetOf(now) !== target.id) {
      kept('it was edited meanwhile and follows something else');
      continue;
    }
    try {
      const change = await setVersion(ports.releases.root, now.file, version);
      if (change === 'none') kept('it names no "version"');
      if (change !== 'written') continue;
      const one = { profile: now.name, from: now.version, to: version };
      rewritten.push(one);
      ports.tell({ kind: 'rewritten', target: target.id, ...one });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code === 'not-found') {
        kept('it was deleted meanwhile');
        continue;
      }
      const message = failureLine(error);
      problems.push(message);
      ports.tell({ kind: 'failed', target: target.id, message });
    }
  }
  return { rewritten, problems };
}

/** A published folder never changes, so what a profile asks for later comes with the next release. */
async function noteIncomplete(spec: ReleaseSpec, target: SyncTarget, ports: SyncRunPorts): Promise<void> {
  const { root } = ports.releases;
  for (const { name, optional } of spec.artifacts) {
    if (optional === true) continue;
    const there = await root.stat(`images/${spec.ref.shelf}/${name}`).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Failure && error.code === 'not-found') return false;
        throw error;
      },
    );
    if (there) continue;
    ports.tell({
      kind: 'note',
      target: target.id,
      message: `${spec.ref.shelf} was published without ${name}, which is asked for now: it comes with the next release, or after \`images/${spec.ref.shelf}\` was moved away`,
    });
    return;
  }
}

function remember(
  target: SyncTarget,
  version: Version,
  rewritten: readonly VersionRewrite[],
  state: SyncState,
): SyncState {
  if (target.system === 'custom') return state;
  const over = rewritten.map(({ profile }) => profile).filter((name) => Object.hasOwn(state.holds, name));
  if (over.length === 0 && state.accepted[target.id] === version) return state;
  return {
    holds: Object.fromEntries(Object.entries(state.holds).filter(([name]) => !over.includes(name))),
    accepted: { ...state.accepted, [target.id]: version },
  };
}

/** Asks the publisher (or the mirror) which release is the current one. */
async function lookUp(target: SyncTarget, ports: SyncRunPorts): Promise<ReleaseSpec> {
  const { system, channel, arch, install, custom } = target;
  const mirror = ports.mirror(system);
  const pinned = ports.pinned(system);
  const input: FeedInput = {
    channel,
    arch,
    install,
    legacySha1: ports.allowSha1,
    mirror,
    pinned,
    custom,
    version: target.version,
  };
  const spec = await resolveRelease(system, ports.feeds[system].start(input), portsFor(target, ports));
  await checkStillSigned(spec, ports);
  return spec;
}

/** Leaving a signature out must not be of use to anybody: a channel whose versions were signed once goes on being signed. */
async function checkStillSigned({ ref, versionSignedAt }: ReleaseSpec, { releases }: SyncRunPorts): Promise<void> {
  if (versionSignedAt !== undefined) return;
  const series = [ref.system, ref.channel, ref.arch].join('/');
  const before = (await listReleases(releases.root)).find((one) => one.series === series && one.versionSigned === true);
  if (before === undefined) return;
  throw new Failure(
    'refused',
    `${series} ${ref.version} comes without a signed version.txt, which ${before.version} had`,
    {
      remedy: 'copy version.txt and version.txt.sig of that release to where the others were',
    },
  );
}

/** The release room's ports, whose events say which target they belong to. */
function portsFor(target: SyncTarget, { releases, tell }: Pick<SyncRunPorts, 'releases' | 'tell'>): ReleasePorts {
  return {
    ...releases,
    progress: (event) => {
      tell(named(target.id, event));
    },
  };
}

function named(target: string, event: ReleaseEvent): SyncEvent {
  if (event.kind !== 'download') return { target, ...event };
  const { file, received, size } = event;
  return { kind: 'download', target, file, received, size };
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

/** What `followTarget` would do, found out by reading the feed alone. Throws Failure where it would. */
export async function previewTarget(
  target: SyncTarget,
  state: SyncState,
  ports: SyncRunPorts,
  options: SyncOptions,
): Promise<Followed> {
  const spec = await lookUp(target, ports);
  const { version, shelf } = spec.ref;
  const profiles = target.profiles.map(({ name }) => name);
  ports.tell({ kind: 'found', target: target.id, version, shelf, files: spec.artifacts.length, profiles });
  const report = { target: target.id, profiles, version };
  const done = (outcome: Followed['report']['outcome']): Followed => ({
    report: { ...report, outcome },
    rewritten: [],
    state,
  });
  if (isHeld(target, version, state)) return done('held');
  const inForce = await versionInForce(target, state, ports);
  checkDowngrade(spec.ref, {
    inForce,
    allowDowngrade: options.allowDowngrade === true,
  });
  if ((await publishedState(ports.releases.root, spec)) === 'absent') return done('would-fetch');
  const behind = target.system !== 'custom' && target.profiles.some((profile) => profile.version !== version);
  return done(behind ? 'would-rewrite' : 'current');
}
