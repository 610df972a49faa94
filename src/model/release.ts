import type { Name } from './name.ts';
import type { Arch, SystemId } from './profile.ts';
import type { Version } from './version.ts';

/** One release of one operating system for one architecture, and where it is published. */
export interface ReleaseRef {
  readonly system: SystemId;
  readonly channel: string;
  readonly arch: Arch;
  readonly version: Version;
  /** The folder below images/: `flatcar/amd64/4593.2.5`. */
  readonly shelf: string;
}

/** What a file is for; it decides how large it may be when nobody says its size. */
export type ArtifactKind = 'kernel' | 'initrd' | 'rootfs' | 'iso' | 'install';

export type DigestName = 'sha256' | 'sha512';

/** Lower-case hexadecimal. */
export type Digests = Readonly<Partial<Record<DigestName, string>>>;

/** A file of digests that lies beside what it describes. */
export interface DigestList {
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
