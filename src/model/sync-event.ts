import { SYSTEM_IDS, type SystemId } from './profile.ts';

/** What a run of the sync works on: one channel of one system for one processor, or one custom profile. */
export interface PlannedTarget {
  /** `flatcar/stable/amd64`, `custom/rescue`. */
  readonly target: string;
  readonly system: SystemId;
  /** The profiles that follow it. */
  readonly profiles: readonly string[];
}

/** What people and programs are told while a sync runs: the lines of `pilotlight sync --json`. */
export type SyncEvent =
  | {
      readonly kind: 'plan';
      readonly targets: readonly PlannedTarget[];
      readonly skipped: readonly SkippedProfile[];
    }
  | {
      readonly kind: 'found';
      readonly target: string;
      readonly version: string;
      /** Below images/. */
      readonly shelf: string;
      readonly files: number;
      readonly profiles: readonly string[];
    }
  | {
      readonly kind: 'download';
      readonly target: string;
      readonly file: string;
      readonly received: number;
      /** Bytes, where the size is known. */
      readonly size?: number;
    }
  | {
      readonly kind: 'retry';
      readonly target: string;
      readonly file: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly why: string;
    }
  | {
      readonly kind: 'verified';
      readonly target: string;
      readonly file: string;
      readonly size: number;
      readonly by: string;
    }
  | { readonly kind: 'published'; readonly target: string; readonly shelf: string }
  | {
      readonly kind: 'rewritten';
      readonly target: string;
      readonly profile: string;
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: 'kept'; readonly target: string; readonly profile: string; readonly why: string }
  | { readonly kind: 'note'; readonly target: string; readonly message: string }
  | { readonly kind: 'failed'; readonly target: string; readonly message: string }
  | { readonly kind: 'removed'; readonly shelf: string; readonly size: number }
  | { readonly kind: 'done'; readonly report: SyncReport };

export interface SkippedProfile {
  readonly profile: string;
  readonly why: string;
}

export interface VersionRewrite {
  readonly profile: string;
  readonly from: string;
  readonly to: string;
}

export interface TargetReport {
  readonly target: string;
  readonly profiles: readonly string[];
  /** What the publisher offers; absent when that could not be found out. */
  readonly version?: string;
  /** `would-fetch` and `would-rewrite` only of a dry run. */
  readonly outcome: 'published' | 'current' | 'held' | 'failed' | 'would-fetch' | 'would-rewrite';
  readonly message?: string;
}

/** What a run did. */
export interface SyncReport {
  readonly targets: readonly TargetReport[];
  readonly skipped: readonly SkippedProfile[];
  readonly rewritten: readonly VersionRewrite[];
  /** Releases that retention took away, below images/. */
  readonly removed: readonly string[];
  /** How many targets failed. */
  readonly failed: number;
}

/** The work was done, or another process holds the lock: which one, and since when. */
export type Locked<T> =
  { readonly kind: 'done'; readonly value: T } | { readonly kind: 'busy'; readonly message: string };

/** An event of a sync that came from another process; undefined for anything else. */
export function parseSyncEvent(value: unknown): SyncEvent | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const { kind } = value;
  if (typeof kind !== 'string' || !Object.hasOwn(EVENTS, kind)) return undefined;
  const event = value as SyncEvent;
  return object(EVENTS[event.kind])(event) ? event : undefined;
}

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

/** What each event holds, again: what comes from another process is checked. */
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
