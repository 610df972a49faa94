import { setVersion } from '../catalog/set-version.ts';
import { Failure, failureLine } from '../model/failure.ts';
import type { ReleaseSpec } from '../model/release.ts';
import type { TargetReport, VersionRewrite } from '../model/sync-event.ts';
import type { Version } from '../model/version.ts';
import { keysThatEnd } from './key-ends.ts';
import { freezeWarning } from './freeze.ts';
import { obtainRelease } from './obtain.ts';
import { trustedKeys } from '../os/feed-steps.ts';
import { holdOf, holdText, stillHeld, type SyncState } from './holds.ts';
import { lookUp, portsFor, versionInForce } from './look-up.ts';
import { targetOf, type SyncTarget } from './plan.ts';
import type { ClerkPorts, Followed, SyncOptions } from './old-sync-ports.ts';

/** Brings one target up to date. Throws Failure; then its profiles boot what they booted before. */
export async function followTarget(
  target: SyncTarget,
  state: SyncState,
  ports: ClerkPorts,
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
    ...(inForce === undefined ? {} : { inForce }),
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

async function keyNotes({ system }: SyncTarget, ports: ClerkPorts): Promise<readonly string[]> {
  const pinned = trustedKeys(ports.feeds[system], ports.pinned(system));
  const ends = await keysThatEnd(system, pinned, ports.releases, ports.releases.network.clock.now());
  return ends.map(({ message, remedy }) => `${message}: ${remedy}`);
}

/** Whether nobody would boot the release that is offered. */
export function isHeld(target: SyncTarget, offered: Version, state: SyncState): boolean {
  if (target.profiles.length === 0) return false;
  return target.profiles.every(({ name, version }) => {
    const hold = holdOf(state.holds, name, version);
    return hold !== undefined && stillHeld(hold, offered);
  });
}

function tellHeld(target: SyncTarget, profile: string, version: string, state: SyncState, ports: ClerkPorts): void {
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
  ports: ClerkPorts,
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
async function noteIncomplete(spec: ReleaseSpec, target: SyncTarget, ports: ClerkPorts): Promise<void> {
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
