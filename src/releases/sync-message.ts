import { SYSTEM_IDS } from '../model/profile.ts';
import type { SyncEvent } from '../model/sync-event.ts';

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === 'string';
const amount: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const list =
  (one: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(one);
const optional =
  (one: Check): Check =>
  (value) =>
    value === undefined || one(value);
const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    values.some((known) => known === value);
const object =
  (fields: Fields): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check((value as Readonly<Record<string, unknown>>)[name]));

const target = text;
const rewrite = { profile: text, from: text, to: text };
const skipped = list(object({ profile: text, why: text }));
const outcome = oneOf(['published', 'current', 'held', 'failed', 'would-fetch', 'would-rewrite']);
const report = object({
  targets: list(object({ target, profiles: list(text), version: optional(text), outcome, message: optional(text) })),
  skipped,
  rewritten: list(object(rewrite)),
  removed: list(text),
  failed: amount,
});

/** What each event holds: domain/sync-event.ts. */
const EVENTS: { readonly [Kind in SyncEvent['kind']]: Fields } = {
  plan: { targets: list(object({ target, system: oneOf(SYSTEM_IDS), profiles: list(text) })), skipped },
  found: { target, version: text, shelf: text, files: amount, profiles: list(text) },
  download: { target, file: text, received: amount, size: optional(amount) },
  retry: { target, file: text, attempt: amount, waitMs: amount, why: text },
  verified: { target, file: text, size: amount, by: text },
  published: { target, shelf: text },
  rewritten: { target, ...rewrite },
  kept: { target, profile: text, why: text },
  note: { target, message: text },
  failed: { target, message: text },
  removed: { shelf: text, size: amount },
  done: { report },
};

/** An event of a sync that came from another process; undefined for anything else. */
export function parseSyncEvent(value: unknown): SyncEvent | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const { kind } = value;
  if (typeof kind !== 'string' || !Object.hasOwn(EVENTS, kind)) return undefined;
  const event = value as SyncEvent;
  return object(EVENTS[event.kind])(event) ? event : undefined;
}
