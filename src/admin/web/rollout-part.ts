import { Failure } from '../../model/failure.ts';
import { ROLLOUT_ACTIONS, type RolloutAction } from '../../model/rollout.ts';
import type { RolloutView } from '../../model/release-views.ts';
import { moment, optionalMoment, profileHref, slug } from './format.ts';

const WORDS: Readonly<Record<RolloutView['state'], string>> = {
  running: 'Running',
  paused: 'Paused',
  stopped: 'Stopped',
  'rolled-back': 'Rolled back',
  aborted: 'Aborted',
  done: 'Done',
};

/** What may be done in each state, the usual thing first. */
const ACTIONS: Readonly<Partial<Record<RolloutView['state'], readonly RolloutAction[]>>> = {
  running: ['pause', 'promote', 'abort'],
  paused: ['resume', 'promote', 'abort'],
  stopped: ['resume', 'promote', 'abort'],
};
const LABELS: Readonly<Record<RolloutAction, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  promote: 'Open the next wave',
  abort: 'Abort',
};

/** A rollout for the Releases page: its waves as a row of bars. */
export function shownRollout(view: RolloutView, now: number): object {
  const { profile, from, to, state, why, stage, stages, since, opensAt, failures, waiting } = view;
  return {
    ...{ profile, slug: slug(profile), href: profileHref(profile), from, to, why },
    word: WORDS[state],
    bad: state === 'stopped' || state === 'rolled-back',
    good: state === 'done',
    going: state === 'running' || state === 'paused',
    since: moment(since, now),
    opens: optionalMoment(opensAt, now),
    stages: stages.map((one, index) => ({
      ...one,
      // Of what there is to see: a wave may also have machines that no node names.
      all: Math.max(1, one.nodes, one.booted),
      word: wordOf(index, stage, state),
      open: index <= stage,
      text: `${one.up} of ${Math.max(one.nodes, one.booted)} up${one.failed > 0 ? `, ${one.failed} failed` : ''}`,
    })),
    failures: failures.map((one) => ({ ...one, at: moment(one.at, now) })),
    waiting: waiting.join(', '),
    actions: (ACTIONS[state] ?? []).map((action) => ({ action, label: LABELS[action] })),
  };
}

function wordOf(index: number, stage: number, state: RolloutView['state']): string {
  if (index < stage || state === 'done') return 'open';
  if (index > stage) return 'not yet';
  return state === 'rolled-back' || state === 'aborted' ? 'ended here' : 'open now';
}

export function actionIn(text: string): RolloutAction {
  const action = ROLLOUT_ACTIONS.find((one) => one === text);
  if (action !== undefined) return action;
  throw new Failure('invalid', `"action" must be one of ${ROLLOUT_ACTIONS.join(', ')}`);
}
