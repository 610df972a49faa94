import { checkDowngrade } from './obtain.ts';
import { publishedState } from './publish.ts';
import { isHeld } from './follow-target.ts';
import { lookUp, versionInForce } from './look-up.ts';
import type { SyncState } from './holds.ts';
import type { SyncTarget } from './plan.ts';
import type { ClerkPorts, Followed, SyncOptions } from './old-sync-ports.ts';

/** What `followTarget` would do, found out by reading the feed alone. Throws Failure where it would. */
export async function previewTarget(
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
  const done = (outcome: Followed['report']['outcome']): Followed => ({
    report: { ...report, outcome },
    rewritten: [],
    state,
  });
  if (isHeld(target, version, state)) return done('held');
  const inForce = await versionInForce(target, state, ports);
  checkDowngrade(spec.ref, {
    ...(inForce === undefined ? {} : { inForce }),
    allowDowngrade: options.allowDowngrade === true,
  });
  if ((await publishedState(ports.releases.root, spec)) === 'absent') return done('would-fetch');
  const behind = target.system !== 'custom' && target.profiles.some((profile) => profile.version !== version);
  return done(behind ? 'would-rewrite' : 'current');
}
