import type { Arch, JsonObject, Name, SystemId, Version } from './profile.ts';

/** One release of one operating system for one architecture, and where it is published. */
export interface ReleaseRef {
  readonly system: SystemId;
  readonly channel: string;
  readonly arch: Arch;
  readonly version: Version;
  /** The folder below images/: `flatcar/amd64/4593.2.5`. */
  readonly shelf: string;
}

/** What a file is for; it decides how large it may be when its size is not said. */
export type ArtifactKind = 'kernel' | 'initrd' | 'rootfs' | 'iso' | 'install';

export type DigestName = 'sha256' | 'sha512';

/** Lower-case hexadecimal. */
export type Digests = Readonly<Partial<Record<DigestName, string>>>;

/** A file of digests that lies beside what it describes. */
interface DigestList {
  readonly url: string;
  readonly algorithm: DigestName;
  /** `sums`: `HEX  NAME` lines; `digests`: Container Linux' `# SHA512 HASH` headings. */
  readonly format: 'sums' | 'digests';
  /** What the list calls the file: a path, compared from its end. */
  readonly entry: string;
}

/** A file to take out of an ISO image that was verified as a whole. */
export interface ImageMember {
  readonly member: string;
  readonly name: Name;
  readonly kind: ArtifactKind;
}

/** A file that a release consists of, and everything that its publisher says about it. */
export interface ArtifactSpec {
  /** The publisher's own file name: what it is called in the version's folder. */
  readonly name: Name;
  readonly url: string;
  readonly kind: ArtifactKind;
  /** Bytes, where the feed knows. */
  readonly size?: number;
  /** From an authenticated feed; each one must hold. */
  readonly digests: Digests;
  /** Asked in order, the first that exists must name the file and must hold. */
  readonly digestLists: readonly DigestList[];
  /** Detached OpenPGP signatures, asked in order. When there are any, one must be there and good. */
  readonly signatureUrls: readonly string[];
  /** Its absence (404) does not make the release incomplete. */
  readonly optional?: boolean;
  /** What an ISO image holds that is published beside it. */
  readonly unpack: readonly ImageMember[];
}

/** Whose signatures count for a release. */
export interface Trust {
  /** Fingerprints of primary keys: 40 upper-case digits. */
  readonly pinned: readonly string[];
  /** Fingerprints of subkeys that the publisher revoked, in case an old copy of the key does not say so. */
  readonly revoked: readonly string[];
  /** Where the publisher offers the key. Only https, except where the operator configured it. */
  readonly keyUrls: readonly string[];
  /** Accept SHA-1 signatures: Container Linux before 2016. */
  readonly legacySha1: boolean;
}

/** Everything that is needed to fetch, verify and publish one release. Made by a system's feed. */
export interface ReleaseSpec {
  readonly ref: ReleaseRef;
  readonly trust: Trust | undefined;
  readonly artifacts: readonly ArtifactSpec[];
  /** Hosts besides the feed's own that its servers may redirect to; `.example.org` stands for every host below it. */
  readonly redirectHosts: readonly string[];
  /**
   * Seconds. No two signatures of one release are further apart: each file is signed by itself, so an attacker could
   * otherwise combine one release's kernel with another's initramfs.
   */
  readonly signedWithin?: number;
  /** When the publisher signed the text that names the version (seconds since 1970): the files belong to that time. */
  readonly versionSignedAt?: number;
  /** What a person is told at every run, although nothing failed. */
  readonly notes?: readonly string[];
}

/** Why a file is believed. */
export interface Evidence {
  /** Set when an OpenPGP signature of a pinned key holds. */
  readonly signature?: {
    readonly primary: string;
    readonly key: string;
    readonly signedAt: number;
    readonly hash: string;
  };
  /** Which digests of the publisher hold. */
  readonly digests: readonly DigestName[];
}

declare const verified: unique symbol;

/**
 * A file whose bytes were checked against its publisher's word. Only src/releases/verify.ts makes one, and only these
 * can be published: anything else does not compile.
 */
export interface VerifiedArtifact {
  readonly [verified]: true;
  readonly ref: ReleaseRef;
  readonly name: Name;
  readonly kind: ArtifactKind;
  readonly size: number;
  readonly sha256: string;
  readonly sha512: string;
  readonly evidence: Evidence;
}

const LENGTH: Readonly<Record<DigestName, number>> = { sha256: 64, sha512: 128 };

/** A digest in its one spelling, undefined for anything that is none. */
export function parseDigest(text: string, algorithm: DigestName): string | undefined {
  const lower = text.toLowerCase();
  return lower.length === LENGTH[algorithm] && /^[0-9a-f]+$/.test(lower) ? lower : undefined;
}

/** A line of a list: the digest and what it is of, without a leading `.//`. */
export interface SumLine {
  readonly digest: string;
  readonly path: string;
}

/**
 * Reads `HEX  NAME` and `HEX *NAME` lines (coreutils' text and binary mode); everything else is passed over: lists have
 * headings, and Debian's are followed by others.
 */
export function readSums(text: string, algorithm: DigestName): readonly SumLine[] {
  const lines: SumLine[] = [];
  for (const line of text.split('\n')) {
    const found = /^([0-9A-Fa-f]{64,128})[ \t]+[* ]?(\S+)\r?$/.exec(line);
    const digest = parseDigest(found?.[1] ?? '', algorithm);
    if (digest !== undefined) lines.push({ digest, path: (found?.[2] ?? '').replace(/^\.\//, '') });
  }
  return lines;
}

/**
 * What a list says of a file; undefined when it does not name it, or names it twice with different digests. Paths are
 * compared from their end in whole segments, never by the bare name: Debian's list has several files called `linux`.
 */
export function findDigest(text: string, list: Pick<DigestList, 'algorithm' | 'format' | 'entry'>): string | undefined {
  const lines = list.format === 'digests' ? readDigests(text, list.algorithm) : readSums(text, list.algorithm);
  const digests = new Set(lines.filter(({ path }) => isSuffix(list.entry, path)).map(({ digest }) => digest));
  const [digest] = digests;
  return digests.size === 1 ? digest : undefined;
}

// `# SHA512 HASH` applies to the next line only. MD5 and SHA1 stand there too.
function readDigests(text: string, algorithm: DigestName): readonly SumLine[] {
  const lines = text.split('\n');
  const heading = new RegExp(`^# ${algorithm.toUpperCase()} HASH\\r?$`);
  return lines.flatMap((line, i) => (heading.test(line) ? readSums(lines[i + 1] ?? '', algorithm) : []));
}

function isSuffix(entry: string, path: string): boolean {
  return path === entry || path.endsWith(`/${entry}`);
}

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
