import { SYSTEM_IDS } from '../../model/profile.ts';
import { list, number, object, oneOf, text, whole, type JsonSchema, type Properties } from './json-schema.ts';

const TARGET = { target: text() };
const REWRITE = { profile: text(), from: text(), to: text() };
const SKIPPED = list(object({ profile: text(), why: text() }));
const OUTCOMES = ['published', 'current', 'held', 'failed', 'would-fetch', 'would-rewrite'];

const REPORT = object({
  targets: list(
    object({ ...TARGET, profiles: list(text()), outcome: oneOf(OUTCOMES) }, { version: text(), message: text() }),
  ),
  skipped: SKIPPED,
  rewritten: list(object(REWRITE)),
  removed: list(text()),
  failed: whole(),
});

/** A step of a run of the release sync, as `pilotlight sync --json` prints it: domain/sync-event.ts. */
export const SYNC_EVENT: JsonSchema = {
  oneOf: [
    step('plan', {
      targets: list(object({ ...TARGET, system: oneOf(SYSTEM_IDS), profiles: list(text()) })),
      skipped: SKIPPED,
    }),
    step('found', { ...TARGET, version: text(), shelf: text(), files: whole(), profiles: list(text()) }),
    step('download', { ...TARGET, file: text(), received: whole() }, { size: whole() }),
    step('retry', { ...TARGET, file: text(), attempt: whole(), waitMs: number(), why: text() }),
    step('verified', { ...TARGET, file: text(), size: whole(), by: text() }),
    step('published', { ...TARGET, shelf: text() }),
    step('rewritten', { ...TARGET, ...REWRITE }),
    step('kept', { ...TARGET, profile: text(), why: text() }),
    step('note', { ...TARGET, message: text() }),
    step('failed', { ...TARGET, message: text() }),
    step('removed', { shelf: text(), size: whole() }),
    step('done', { report: REPORT }),
  ],
};

function step(kind: string, required: Properties, optional: Properties = {}): JsonSchema {
  return object({ kind: { const: kind }, ...required }, optional);
}
