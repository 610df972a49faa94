import type { FeedInput, FeedStep } from '../model/feed.ts';
import type { ArtifactKind, ArtifactSpec, ReleaseSpec, Trust } from '../model/release.ts';
import type { Version } from '../model/version.ts';
import { artifact } from './feed-steps.ts';

// What Container Linux and Flatcar, which continued it, have in common: the layout of the download servers and the
// build scripts that write version.txt, .sig and .DIGESTS.

/** BUILD.BRANCH.PATCH. Unofficial builds (`3510.2.5+nightly`) are not releases. */
export const BUILD_VERSION = /^\d{1,5}\.\d{1,4}\.\d{1,4}$/;

/**
 * The value of the one line `NAME=value` of version.txt. The file is in shell's syntax with optional quotes; nothing of
 * it is ever run. Undefined unless there is exactly one such line.
 */
export function shellValue(text: string, name: string): string | undefined {
  const values = text.split(/\r?\n/).filter((line) => line.startsWith(`${name}=`));
  const value = values[0]?.slice(name.length + 1);
  return values.length === 1 ? value?.replace(/^(["'])(.*)\1$/, '$2') : undefined;
}

/** Builds a release out of a numbered directory: never out of `current`, which moves. */
export interface Layout {
  /** `https://stable.release.flatcar-linux.net/amd64-usr/4593.2.5`. */
  readonly directory: string;
  readonly files: readonly LayoutFile[];
}

export interface LayoutFile {
  readonly name: string;
  readonly kind: ArtifactKind;
  readonly optional?: boolean;
  /** Names under which its signature and digests may be published, the likeliest first. */
  readonly signedAs: readonly string[];
  readonly digestsIn: readonly { readonly list: string; readonly entry: string }[];
}

export function layoutArtifacts({ directory, files }: Layout): readonly ArtifactSpec[] {
  return files.map((file) =>
    artifact(file.name, {
      url: `${directory}/${file.name}`,
      kind: file.kind,
      ...(file.optional === true ? { optional: true } : {}),
      signatureUrls: file.signedAs.map((name) => `${directory}/${name}.sig`),
      digestLists: file.digestsIn.map(({ list, entry }) => ({
        url: `${directory}/${list}.DIGESTS`,
        // These files hold MD5, SHA-1 and SHA-512; there is no SHA-256 in them.
        algorithm: 'sha512',
        format: 'digests',
        entry,
      })),
    }),
  );
}

/** `amd64-usr`, `arm64-usr`. */
export function board(input: FeedInput): string {
  return `${input.arch}-usr`;
}

export function layoutRelease(
  input: FeedInput,
  found: {
    readonly system: 'coreos' | 'flatcar';
    readonly shelf: string;
    readonly version: Version;
    readonly trust: Trust;
  },
  parts: Pick<ReleaseSpec, 'artifacts' | 'redirectHosts' | 'signedWithin' | 'versionSignedAt' | 'notes'>,
): FeedStep {
  const { system, shelf, version, trust } = found;
  return {
    kind: 'release',
    release: {
      ref: { system, channel: input.channel, arch: input.arch, version, shelf: `${shelf}/${version}` },
      trust,
      ...parts,
    },
  };
}
