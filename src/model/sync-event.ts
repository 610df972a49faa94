import { type TProperties, type TSchema, Type as t } from '@sinclair/typebox';
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
  targetStep('rollout', VersionRewrite.properties),
  targetStep('kept', { profile: text(), why: text() }),
  targetStep('note', { message: text() }),
  targetStep('failed', { message: text() }),
  step('removed', { shelf: text(), size: whole() }),
  step('done', { report: SyncReport }),
];

/** What people and programs are told while a sync runs: the lines of `pilotlight sync --json`, as the API describes them. */
export const SyncEventView = t.Unsafe<View<(typeof steps)[number]>>({ oneOf: steps });

export type SyncEvent = View<typeof SyncEventView>;
export type PlannedTarget = View<typeof PlannedTarget>;
export type SkippedProfile = View<typeof SkippedProfile>;
export type VersionRewrite = View<typeof VersionRewrite>;
export type TargetReport = View<typeof TargetReport>;
export type SyncReport = View<typeof SyncReport>;

/** The work was done, or another process holds the lock: which one, and since when. */
export type Locked<T> =
  { readonly kind: 'done'; readonly value: T } | { readonly kind: 'busy'; readonly message: string };

/** An event of a sync that came from another process; undefined for anything else. */
export function parseSyncEvent(value: unknown): SyncEvent | undefined {
  return steps.some((one) => fits(one, value)) ? (value as SyncEvent) : undefined;
}

/** Whether a value is as one of the schemas above says, which use few of JSON Schema's words. More members are allowed. */
function fits(schema: TSchema, value: unknown): boolean {
  if (schema['const'] !== undefined) return value === schema['const'];
  if (schema['enum'] !== undefined) return (schema['enum'] as readonly unknown[]).includes(value);
  switch (schema['type']) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) && value >= 0;
    case 'array':
      return Array.isArray(value) && value.every((item) => fits(schema['items'] as TSchema, item));
    case 'object': {
      if (typeof value !== 'object' || value === null) return false;
      const required = new Set(schema['required'] as readonly string[]);
      return Object.entries(schema['properties'] as TProperties).every(([name, member]) => {
        const given = (value as Readonly<Record<string, unknown>>)[name];
        return given === undefined ? !required.has(name) : fits(member, given);
      });
    }
    default:
      return false;
  }
}
