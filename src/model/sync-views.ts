import { type TProperties, Type as t } from '@sinclair/typebox';
import { SYSTEM_IDS } from './profile.ts';
import { list, oneOf, text, type View, whole } from './schema.ts';

/** What a run of the sync works on: one channel of one system for one processor, or one custom profile. */
const PlannedTarget = t.Object({
  target: text('`flatcar/stable/amd64`, `custom/rescue`'),
  system: oneOf(SYSTEM_IDS),
  profiles: list(text(), 'the profiles that follow it'),
});

const SkippedProfile = t.Object({ profile: text(), why: text() });

const VersionRewrite = t.Object({ profile: text(), from: text(), to: text() });

const TargetReport = t.Object({
  target: text(),
  profiles: list(text()),
  outcome: oneOf(
    ['published', 'current', 'held', 'failed', 'would-fetch', 'would-rewrite'],
    '`would-fetch` and `would-rewrite` only of a dry run',
  ),
  version: t.Optional(text('what the publisher offers; absent when that could not be found out')),
  message: t.Optional(text()),
});

/** What a run did. */
const SyncReport = t.Object({
  targets: list(TargetReport),
  skipped: list(SkippedProfile),
  rewritten: list(VersionRewrite),
  removed: list(text(), 'releases that retention took away, below images/'),
  failed: whole('how many targets failed'),
});

function step<const Kind extends string, T extends TProperties>(kind: Kind, properties: T) {
  return t.Object({ kind: t.Unsafe<Kind>({ const: kind }), ...properties });
}

function targetStep<const Kind extends string, T extends TProperties>(kind: Kind, properties: T) {
  return step(kind, { target: text(), ...properties });
}

const steps = [
  step('plan', { targets: list(PlannedTarget), skipped: list(SkippedProfile) }),
  targetStep('found', { version: text(), shelf: text('below images/'), files: whole(), profiles: list(text()) }),
  targetStep('download', { file: text(), received: whole('bytes'), size: t.Optional(whole('bytes')) }),
  targetStep('retry', { file: text(), attempt: whole(), waitMs: t.Number(), why: text() }),
  targetStep('verified', { file: text(), size: whole(), by: text() }),
  targetStep('published', { shelf: text() }),
  targetStep('rewritten', VersionRewrite.properties),
  targetStep('kept', { profile: text(), why: text() }),
  targetStep('note', { message: text() }),
  targetStep('failed', { message: text() }),
  step('removed', { shelf: text(), size: whole() }),
  step('done', { report: SyncReport }),
];

/** What people and programs are told while a sync runs, as the API describes it; a run emits `SyncEvent`s (sync-event.ts). */
export const SyncEventView = t.Unsafe<View<(typeof steps)[number]>>({ oneOf: steps });
