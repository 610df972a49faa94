import { Type as t } from '@sinclair/typebox';
import { ROLLOUT_STATES } from './rollout.ts';
import { list, moment, oneOf, text, type View, whole } from './schema.ts';

// What operators are shown of rollouts; docs/rollouts.md says what the words mean.

export const RolloutView = t.Object({
  profile: text(),
  from: text('the old version'),
  to: text('the new version'),
  state: oneOf(
    ROLLOUT_STATES,
    'open are `running`, `paused` and `stopped`: there machines get the old or the new version by their wave',
  ),
  why: t.Optional(text('why it is in its state')),
  begun: moment('when it began'),
  since: moment('when its wave opened, or its state ended it'),
  stage: whole('which of `stages` is open'),
  opensAt: t.Optional(
    moment('when the next wave opens if nothing fails until then; absent while something is waited for'),
  ),
  tolerate: t.Optional(whole('how many failures do not stop it')),
  stages: list(
    t.Object({
      name: text('`canaries`, `wave 2 of 3`'),
      share: t.Optional(text('what part of all machines have the new version then, `50%`')),
      nodes: whole('nodes of the profile that get it in this wave'),
      booted: whole('machines that were told to boot it'),
      up: whole('those that phoned home'),
      failed: whole('those that failed'),
    }),
    'the canaries, then the waves; empty where the profile says nothing of a rollout any more',
  ),
  failures: list(t.Object({ machine: text(), at: moment('when'), why: text() }), 'at most a hundred'),
  waiting: list(text(), 'machines that are on their way, at most a hundred'),
});
export type RolloutView = View<typeof RolloutView>;

/** What the API's document calls by a name. */
export const ROLLOUT_COMPONENTS = { RolloutView };
