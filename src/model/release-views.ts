import { Type as t } from '@sinclair/typebox';
import { ROLLOUT_STATES } from './rollout.ts';
import { list, moment, oneOf, ref, text, type View, whole } from './schema.ts';
import { SyncEventView } from './sync-event.ts';

// What operators are shown of releases and of the sync; views.ts says more.

export const ReleaseRow = t.Object({
  target: text('`flatcar/stable/amd64`'),
  profiles: list(text()),
  shelves: list(
    t.Object({
      shelf: text('below images/'),
      version: text(),
      size: whole('bytes'),
      keptBecause: list(text(), 'empty: the next sync removes it'),
      publishedAt: t.Optional(moment('when it was published')),
      verified: t.Optional(text('how it was verified')),
      byHand: t.Optional(t.Boolean({ description: 'an operator put it there: it is not verified, and never removed' })),
    }),
  ),
  held: t.Optional(text('why it stays at its version')),
  progress: t.Optional(
    t.Object({
      state: oneOf(['waiting', 'fetching', 'verifying', 'published', 'failed']),
      received: whole('bytes'),
      size: whole('bytes'),
      version: t.Optional(text()),
      message: t.Optional(text()),
    }),
  ),
});
export type ReleaseRow = View<typeof ReleaseRow>;

export const SyncRunView = t.Object({
  run: moment('when it began'),
  failed: whole('how many targets failed'),
  steps: list(t.Object({ at: moment('when'), event: ref('SyncEvent', SyncEventView) })),
  endedAt: t.Optional(moment('when it ended')),
});
export type SyncRunView = View<typeof SyncRunView>;

export const ReleasesView = t.Object({
  running: t.Boolean({ description: 'a sync runs now' }),
  targets: list(ref('ReleaseRow', ReleaseRow)),
  runs: list(ref('SyncRun', SyncRunView), 'newest first'),
  schedule: t.Optional(text('minute hour day month weekday; absent: off')),
  nextRun: t.Optional(moment('the next run')),
});
export type ReleasesView = View<typeof ReleasesView>;

/** Some of the steps of a run of the sync, for a client that follows it. */
export const SyncSteps = t.Object({
  steps: list(ref('SyncEvent', SyncEventView), 'of a download only the last one: how far it is'),
  last: whole('what the next question gives as `after`'),
  end: t.Optional(
    t.Object({
      kind: oneOf(
        ['done', 'busy', 'broken'],
        '`busy`: another process works on the data directory, nothing was done; `broken`: it ended without a report',
      ),
      message: t.Optional(text()),
    }),
  ),
});
export type SyncSteps = View<typeof SyncSteps>;
/** How a run ended. */
export type SyncEnd = NonNullable<SyncSteps['end']>;

export const SyncStarted = t.Object({
  started: t.Boolean({ description: 'false: one was running' }),
  run: t.Optional(moment('the number of the run that began, or of the one under way: when it began')),
});
export type SyncStarted = View<typeof SyncStarted>;

export const RolledBack = t.Object({
  profile: text(),
  from: text(),
  to: text(),
  heldAbove: t.Optional(text('the sync leaves the profile alone until something newer than this is published')),
});
export type RolledBack = View<typeof RolledBack>;

/** What was published of uploaded files: nothing where it was there already. */
export const ImportedImages = t.Object({ shelves: list(text(), 'below images/') });
export type ImportedImages = View<typeof ImportedImages>;

/** A release that retention took away. */
export const RemovedRelease = t.Object({ shelf: text('below images/'), size: whole('bytes') });
export type RemovedRelease = View<typeof RemovedRelease>;

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
  waitsFor: t.Optional(text('what is waited for before the next wave opens: `w1, w2 must phone home with it first`')),
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
