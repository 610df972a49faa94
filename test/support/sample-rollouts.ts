import { Failure } from '../../src/model/failure.ts';
import type { RolloutView } from '../../src/model/rollout-views.ts';
import type { ReleaseOperations } from '../../src/admin/service/release-operations.ts';

interface Answers {
  readonly rolloutViews: readonly RolloutView[];
  readonly calls: string[];
}

/** What a service without machines says of rollouts. */
export function sampleRollouts(answers: () => Answers): Pick<ReleaseOperations, 'rollout' | 'rollouts'> {
  return {
    rollouts: () => Promise.resolve(answers().rolloutViews),
    rollout(profile, { action, to }) {
      const { calls, rolloutViews } = answers();
      calls.push(`rollout ${profile} ${action ?? to ?? ''}`);
      const view = rolloutViews.find((one) => one.profile === profile);
      if (view !== undefined) return Promise.resolve(view);
      return Promise.reject(new Failure('conflict', `${profile} has no rollout under way`));
    },
  };
}
