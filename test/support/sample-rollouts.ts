import { Failure } from '../../src/model/failure.ts';
import type { RolloutView } from '../../src/model/release-views.ts';
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

/** The second of its waves is open, and one machine has failed. */
export function fakeRollout(now: number): RolloutView {
  return {
    ...{ profile: 'workers', from: '4593.2.1', to: '4593.2.2', state: 'running', stage: 1, tolerate: 1 },
    ...{ begun: now - 9_000_000, since: now - 1_260_000 },
    stages: [
      { name: 'canaries', nodes: 2, booted: 2, up: 2, failed: 0 },
      { name: 'wave 1 of 2', share: '50%', nodes: 6, booted: 4, up: 2, failed: 1 },
      { name: 'wave 2 of 2', share: '100%', nodes: 7, booted: 0, up: 0, failed: 0 },
    ],
    failures: [{ machine: 'w7', at: now - 300_000, why: 'did not phone home within 5 min 00 s' }],
    waiting: ['w9'],
  };
}
