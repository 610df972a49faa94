import { rolloutChoice } from '../catalog/rollout-choice.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import type { Profile } from '../model/profile.ts';
import { allWaves, type Rollout, type Rollouts, stageName } from '../model/rollout.ts';
import type { RolloutView } from '../model/rollout-views.ts';
import { failuresOf } from './rollout-rules.ts';

const MOST = 100;

/** What operators are shown, by profile. */
export function rolloutViews(rollouts: Rollouts, { profiles }: Pick<Snapshot, 'profiles'>): readonly RolloutView[] {
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
    stages: profile === undefined ? [] : stagesView(rollout, profile),
    failures: failuresOf(rollout)
      .slice(0, MOST)
      .map(([machine, one]) => ({ machine, at: one.failed ?? since, why: one.why ?? '' })),
    waiting: Object.entries(machines)
      .flatMap(([machine, { deadline }]) => (deadline === undefined ? [] : [machine]))
      .slice(0, MOST),
  };
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
