import type { Arch, JsonObject, SystemId } from './profile.ts';
import type { Digests, ReleaseSpec, Trust } from './release.ts';
import type { Version } from './version.ts';

/** What a feed is asked for. */
export interface FeedInput {
  readonly channel: string;
  readonly arch: Arch;
  /** Another base URL than the publisher's, without a slash at the end. */
  readonly mirror?: string;
  /** Also what the system's own installer downloads. */
  readonly install: boolean;
  /** Exactly this release instead of the current one. */
  readonly version?: Version;
  /** Keys that the operator put in the place of the publisher's. */
  readonly pinned?: readonly string[];
  /** Accept SHA-1 signatures (Container Linux before 2016). */
  readonly legacySha1?: boolean;
  /** The profile's own description of a release, for `custom`. */
  readonly custom?: { readonly profile: string; readonly release: JsonObject };
}

/** A small text that a feed wants to read. */
export interface FeedDocument {
  readonly url: string;
  /** Longer answers are refused. */
  readonly maxBytes: number;
  /** How it is signed; `next` then gets only what was signed. `optional`: a signature that is not there is no fault. */
  readonly signed?: 'cleartext' | { readonly detached: string; readonly optional?: boolean };
  /** From an authenticated list. */
  readonly digests?: Digests;
  /** Give the address that the server redirects to instead of following it. */
  readonly redirect?: 'report';
  /** A 404 is an answer: undefined. */
  readonly optional?: boolean;
}

export interface FeedAnswer {
  readonly text: string;
  /** Where the server redirected to; set only for `redirect: 'report'`. */
  readonly location?: string;
  /** When a pinned key signed it, in seconds since 1970. */
  readonly signedAt?: number;
}

/** What happens next: read something, or here is the release. A chain of these is one resolution. */
export type FeedStep =
  | {
      readonly kind: 'fetch';
      readonly documents: readonly FeedDocument[];
      readonly trust: Trust | undefined;
      readonly redirectHosts: readonly string[];
      /** One answer for each document, in order. Throws Failure `refused` or `invalid` for what makes no sense. */
      readonly next: (answers: readonly (FeedAnswer | undefined)[]) => FeedStep;
    }
  | { readonly kind: 'release'; readonly release: ReleaseSpec };

/** How one system's publisher announces releases. Pure: it says what to read and reads what it is given. */
export interface Feed {
  readonly id: SystemId;
  /** The publisher's own base URL for a channel. */
  readonly base: (channel: string) => string;
  /** Fingerprints of the primary keys that sign releases today. */
  readonly keys: readonly string[];
  /** Throws Failure `invalid` for a channel or an architecture that does not exist. */
  readonly start: (input: FeedInput) => FeedStep;
}
