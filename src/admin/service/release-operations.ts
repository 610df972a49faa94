import { rolloutChoice } from '../../catalog/rollout-choice.ts';
import { profileNamed, type Snapshot } from '../../catalog/snapshot.ts';
import { Failure } from '../../model/failure.ts';
import type { Profile } from '../../model/profile.ts';
import type { RemovedRelease, RolloutView } from '../../model/release-views.ts';
import { allWaves, isOpen, type Rollout, type RolloutAction, type Rollouts, stageName } from '../../model/rollout.ts';
import type { Locked } from '../../model/sync-event.ts';
import { pruneImages } from '../../releases/image-commands.ts';
import { checkThere, versionOf } from '../../releases/rollback.ts';
import { failuresOf, lacks } from '../../rollouts/rollout-rules.ts';
import type { Changes } from './changes.ts';
import type { AdminDeps } from './deps.ts';

export interface ReleaseOperations {
  readonly rollouts: () => Promise<readonly RolloutView[]>;
  /** Pauses a rollout, lets it go on, opens its next wave, or ends it; `to` begins one. */
  readonly rollout: (profile: string, wish: RolloutWish) => Promise<RolloutView>;
  /** Takes away the releases that retention has no reason to keep; `keep` of each channel instead of the setting's. */
  readonly prune: (keep?: number) => Promise<{ readonly removed: readonly RemovedRelease[] }>;
}

/** One of the two. */
export interface RolloutWish {
  readonly action?: RolloutAction | undefined;
  readonly to?: string | undefined;
}

type Deps = Pick<AdminDeps, 'catalog' | 'log' | 'rollouts' | 'settings' | 'imageStore'>;

/** What operators do about releases by hand. */
export function createReleaseOperations(deps: Deps, changes: Pick<Changes, 'emit'>): ReleaseOperations {
  const { catalog, log, rollouts, settings } = deps;

  const shown = (): readonly RolloutView[] => rolloutViews(rollouts.all(), catalog.current());

  async function begin(name: string, wanted: string): Promise<void> {
    const profile = profileNamed(catalog.current(), name);
    if (profile.rollout === undefined) {
      const remedy = `add "rollout" to ${profile.file}, or write "version" there: then all machines boot it`;
      throw new Failure('conflict', `${name} has no "rollout"`, { remedy });
    }
    const to = versionOf(wanted);
    if (to === profile.version) throw new Failure('conflict', `${name} boots ${to} already`);
    await checkThere(deps, settings, profile, to);
    await rollouts.begin(profile, to);
  }

  return {
    rollouts: () => Promise.resolve(shown()),
    async rollout(name, { action, to }) {
      if ((action === undefined) === (to === undefined))
        throw new Failure('invalid', 'say what shall be done: pause, resume, promote, abort, or to which version');
      const snapshot = await catalog.refresh();
      if (to !== undefined) await begin(name, to);
      else if (action !== undefined) await rollouts.act(profileNamed(snapshot, name), action);
      await rollouts.look();
      changes.emit('releases');
      const view = shown().find(({ profile }) => profile === name);
      if (view === undefined) throw new Failure('not-found', `${name} has no rollout`);
      log.info({ profile: name, action, to, state: view.state }, 'an operator decided about a rollout');
      return view;
    },
    async prune(keep) {
      const removed: RemovedRelease[] = [];
      const sync = { ...settings.sync, keepReleases: keep ?? settings.sync.keepReleases };
      unlocked(
        await pruneImages({ ...settings, sync }, (event) => {
          if (event.kind === 'removed') removed.push({ shelf: event.shelf, size: event.size });
        }),
      );
      changes.emit('releases');
      log.info({ removed }, 'an operator removed the releases that are not needed');
      return { removed };
    },
  };
}

export function unlocked<T>(done: Locked<T>): T {
  if (done.kind === 'done') return done.value;
  // The message names the process that is at work, and says to wait.
  throw new Failure('conflict', done.message);
}

const MOST = 100;

/** What operators are shown, by profile. */
function rolloutViews(rollouts: Rollouts, { profiles }: Pick<Snapshot, 'profiles'>): readonly RolloutView[] {
  return [...rollouts]
    .map(([name, rollout]) => rolloutView(name, rollout, profiles.get(name)))
    .sort((a, b) => (a.profile < b.profile ? -1 : 1));
}

function rolloutView(name: string, rollout: Rollout, profile: Profile | undefined): RolloutView {
  const { from, to, state, stage, begun, since, why, ready, machines } = rollout;
  const policy = profile?.rollout;
  return {
    ...{ profile: name, from, to, state, stage, begun, since, why },
    ...(policy !== undefined && { tolerate: policy.tolerate }),
    ...(policy !== undefined && ready !== undefined && state === 'running' && { opensAt: ready + policy.soak * 1000 }),
    ...waitsFor(rollout, profile),
    stages: profile === undefined ? [] : stagesView(rollout, profile),
    failures: failuresOf(rollout)
      .slice(0, MOST)
      .map(([machine, one]) => ({ machine, at: one.failed ?? since, why: one.why ?? '' })),
    waiting: Object.entries(machines)
      .flatMap(([machine, { deadline }]) => (deadline === undefined ? [] : [machine]))
      .slice(0, MOST),
  };
}

function waitsFor(rollout: Rollout, profile: Profile | undefined): Pick<RolloutView, 'waitsFor'> {
  if (profile?.rollout === undefined || !isOpen(rollout) || rollout.state === 'stopped') return {};
  const text = lacks(rollout, profile);
  return text === undefined ? {} : { waitsFor: text };
}

function stagesView(rollout: Rollout, profile: Profile): RolloutView['stages'] {
  const policy = profile.rollout;
  if (policy === undefined) return [];
  // As it was, also when it is over.
  const open = { ...rollout, state: 'running' as const };
  const choice = rolloutChoice({ ...profile, version: rollout.from }, open);
  const nodes = profile.nodes.map(({ name }) => choice?.stageOf(name));
  const all = Object.values(rollout.machines);
  return [undefined, ...allWaves(policy.waves)].map((percent, stage) => {
    const booted = all.filter((one) => one.stage === stage);
    return {
      name: stageName(stage, policy),
      ...(percent !== undefined && { share: `${percent}%` }),
      nodes: nodes.filter((one) => one === stage).length,
      booted: booted.length,
      up: booted.filter(({ up }) => up !== undefined).length,
      failed: booted.filter(({ failed }) => failed !== undefined).length,
    };
  });
}
