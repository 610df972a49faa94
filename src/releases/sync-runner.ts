import type { Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import { acquireLock } from '../files/lock.ts';
import { makeFolder } from '../files/publish.ts';
import { asFailure, Failure, failureLine, problemLine } from '../model/failure.ts';
import type { Locked, SkippedProfile, SyncReport, TargetReport, VersionRewrite } from '../model/sync-event.ts';
import { removeStaleDrafts } from './draft.ts';
import { followTarget } from './follow-target.ts';
import type { SyncOptions, SyncRunPorts } from './ports.ts';
import { planSync, type SyncTarget } from './plan.ts';
import { retain } from './retain.ts';
import { readRollouts } from '../rollouts/rollout-file.ts';
import { takeRolloutHolds, withRolloutHolds } from './rollout-holds.ts';
import { readState, type SyncState, writeState } from './sync-state.ts';

/**
 * One run: for every channel that a profile follows, looks up the current release, brings it here verified, lets the
 * profiles boot it, and afterwards takes away what nothing needs. One target's failure never stops the others. The
 * caller holds the lock, except for a dry run.
 */
export async function runSync(ports: SyncRunPorts, options: SyncOptions = {}): Promise<SyncReport> {
  const { root, network } = ports.releases;
  let state = await readState(root, network.log);
  const snapshot = await ports.profiles();
  state = await heldState(state, snapshot, ports, options);
  const { targets, skipped } =
    options.targets === undefined
      ? planSync(snapshot.profiles.values(), state.holds)
      : { targets: options.targets, skipped: [] };
  const names = ({ profiles }: SyncTarget): readonly string[] => profiles.map(({ name }) => name);
  const broken = options.targets === undefined ? unreadable(snapshot) : [];
  ports.emit({
    kind: 'plan',
    targets: targets.map((target) => ({ target: target.id, system: target.system, profiles: names(target) })),
    skipped: [...skipped, ...broken],
  });
  const aborted = (): boolean => network.signal.aborted;
  const reports: TargetReport[] = [];
  const rewritten: VersionRewrite[] = [];
  for (const target of targets) {
    if (aborted()) throw stopped();
    try {
      const done = await followTarget(target, state, ports, options);
      reports.push(done.report);
      rewritten.push(...done.rewritten);
      // At once: a crash in the next target must not forget it.
      if (done.state !== state) await writeState(root, done.state);
      state = done.state;
    } catch (error) {
      if (aborted()) throw stopped(error);
      const message = failureLine(asFailure(error));
      ports.emit({ kind: 'failed', target: target.id, message });
      reports.push({ target: target.id, profiles: names(target), outcome: 'failed', message });
    }
  }
  const failed = reports.filter(({ outcome }) => outcome === 'failed').length + broken.length;
  // What a failed run leaves behind may be what the next one, or the operator, goes back to.
  const removed = failed > 0 || options.dryRun === true ? [] : await takeAway(ports);
  if (options.dryRun !== true) {
    for (const path of await removeStaleDrafts(root, network.clock.now()))
      network.log.info({ path }, 'a download that never became whole, and was not touched for a week, is removed');
  }
  const report: SyncReport = { targets: reports, skipped: [...skipped, ...broken], rewritten, removed, failed };
  ports.emit({ kind: 'done', report });
  return report;
}

/** Also with what rollouts hold. A dry run has no lock, and writes nothing. */
async function heldState(
  state: SyncState,
  snapshot: Snapshot,
  { releases: { root } }: Pick<SyncRunPorts, 'releases'>,
  { dryRun }: SyncOptions,
): Promise<SyncState> {
  if (dryRun !== true) return await takeRolloutHolds(root, state, snapshot);
  return withRolloutHolds(state, (await readRollouts(root)).rollouts, snapshot);
}

/** By what the folder says now. */
async function takeAway(ports: SyncRunPorts): Promise<readonly string[]> {
  const { root, network } = ports.releases;
  const snapshot = await ports.profiles();
  return await retain(root, { snapshot, keep: ports.keep, now: network.clock.now() }, ports.emit);
}

/** Profiles that cannot be read at all: what they follow is not known, so not everything was done. */
function unreadable({ problems, profiles }: Snapshot): readonly SkippedProfile[] {
  const inForce = new Set([...profiles.values()].map(({ file }) => file));
  const errors = problems.filter(
    ({ severity, place: { file } }) =>
      severity === 'error' && (file === 'profiles' || file.startsWith('profiles/')) && !inForce.has(file),
  );
  const first = new Map(errors.toReversed().map((problem) => [problem.place.file, problem]));
  return [...first]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, problem]) => ({
      profile: file.replace(/^profiles\//, '').replace(/\.json$/, ''),
      why: `it cannot be used: ${problemLine(problem)}`,
    }));
}

/** A run that was ended from outside. */
export function stopped(cause?: unknown): Failure {
  return new Failure('unavailable', 'the sync was stopped', { cause, remedy: 'the next run goes on where it stopped' });
}

/** Does what only one process may do on a data directory at a time, or names the one that does it and since when. */
export async function underLock<T>(root: DataRoot, what: string, work: () => Promise<T>): Promise<Locked<T>> {
  await makeFolder(root, 'state');
  let lock;
  try {
    lock = await acquireLock(root.path('state/sync.lock'), what);
  } catch (error) {
    const failure = asFailure(error);
    if (failure.code !== 'conflict') throw error;
    return { kind: 'busy', message: failureLine(failure) };
  }
  try {
    return { kind: 'done', value: await work() };
  } finally {
    await lock.release();
  }
}
