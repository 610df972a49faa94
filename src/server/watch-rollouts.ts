import type { Catalog } from '../catalog/snapshot.ts';
import type { Journal } from '../journal/journal.ts';
import { type Rollout, stagesOf } from '../model/rollout.ts';
import { listener, type Log } from '../model/service.ts';
import type { RolloutService } from '../rollouts/rollouts.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { RolloutCounts } from '../telemetry/counts.ts';

export interface RolloutWatchOptions {
  readonly rollouts: Pick<RolloutService, 'all' | 'onStep'>;
  readonly catalog: Pick<Catalog, 'current'>;
  readonly journal: Pick<Journal, 'activity'>;
  readonly metrics: Pick<Metrics, 'watch'>;
  readonly log: Log;
  readonly now: () => number;
}

const WORDS: Readonly<Record<Rollout['state'], string>> = {
  running: 'rollout wave',
  paused: 'rollout paused',
  stopped: 'rollout stopped',
  'rolled-back': 'rollout rolled back',
  aborted: 'rollout aborted',
  done: 'rollout done',
};

/** What rollouts do by themselves is told where operators' own steps are: the Activity page and the metrics. */
export function watchRollouts({ rollouts, catalog, journal, metrics, log, now }: RolloutWatchOptions): void {
  rollouts.onStep(
    listener(log, 'rollout', ({ profile, rollout, text, wanted }) => {
      // An operator's step is in the list already, under the operator's name.
      if (wanted) return;
      const { state, stage, why } = rollout;
      const action = state === 'running' && stage === 0 ? 'rollout begun' : WORDS[state];
      const line = why === undefined ? text : `${text}: ${why}`;
      journal.activity({
        ...{ at: now(), who: 'the server', action },
        ...{ target: `profiles/${profile}.json`, text: line.slice(0, 500) },
      });
    }),
  );
  metrics.watch({
    rollouts: () => {
      const { profiles } = catalog.current();
      return [...rollouts.all()].flatMap(([profile, rollout]) => {
        const policy = profiles.get(profile)?.rollout;
        return policy === undefined ? [] : [countsOf(profile, rollout, stagesOf(policy) - 1)];
      });
    },
  });
}

function countsOf(profile: string, { state, stage, machines }: Rollout, waves: number): RolloutCounts {
  const count = { waiting: 0, up: 0, failed: 0 };
  for (const { deadline, up, failed } of Object.values(machines)) {
    if (deadline !== undefined) count.waiting += 1;
    else if (up !== undefined) count.up += 1;
    else if (failed !== undefined) count.failed += 1;
  }
  return { profile, state, wave: Math.min(stage, waves), waves, machines: count };
}
