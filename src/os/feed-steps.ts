import { Failure } from '../model/failure.ts';
import { type Name, nearest, parseFileName } from '../model/name.ts';
import { parseVersion, type SystemId, type Version } from '../model/profile.ts';
import type {
  ArtifactKind,
  ArtifactSpec,
  Feed,
  FeedAnswer,
  FeedDocument,
  FeedInput,
  FeedStep,
  ReleaseSpec,
  Trust,
} from '../model/release.ts';

/** Ceilings for texts: the real ones are a hundredth of these, and nobody makes us read 200 MB. */
export const MAX_TEXT = 64 * 1024;
export const MAX_LIST = 8 * 1024 * 1024;

interface Reading {
  readonly documents: readonly FeedDocument[];
  readonly trust?: Trust;
  readonly redirectHosts?: readonly string[];
}

/** A step that reads texts. */
export function reading(what: Reading, next: (answers: readonly (FeedAnswer | undefined)[]) => FeedStep): FeedStep {
  return {
    kind: 'fetch',
    documents: what.documents,
    trust: what.trust,
    redirectHosts: what.redirectHosts ?? [],
    next,
  };
}

/** The usual case: read one text that must be there. */
export function readOne(
  document: FeedDocument,
  next: (text: string) => FeedStep,
  rest: Omit<Reading, 'documents'> = {},
): FeedStep {
  return reading({ ...rest, documents: [document] }, ([answer]) => next(answer?.text ?? ''));
}

/**
 * A version that has exactly the publisher's form, before any URL or path is built of it. Throws Failure `refused`:
 * `../../x`, a page of a captive portal and two versions in one answer all end here.
 */
export function strictVersion(text: string | undefined, form: RegExp, feed: string): Version {
  const version = text !== undefined && form.test(text) ? parseVersion(text) : undefined;
  if (version !== undefined) return version;
  throw new Failure('refused', `${feed} does not name a version where it should`, {
    remedy: 'look at that address with a browser; a proxy or a captive portal may answer in its place',
  });
}

/** Throws Failure `invalid` for a channel that the system does not have. */
export function strictChannel(channel: string, form: RegExp, system: SystemId, example: string): string {
  if (form.test(channel)) return channel;
  const words = [...example.matchAll(/"([^"]+)"/g)].map(([, word = '']) => word);
  const meant = nearest(channel, words);
  throw new Failure('invalid', `${system} has no such channel`, {
    remedy: meant === undefined ? `"channel" is ${example}` : `did you mean "${meant}"? "channel" is ${example}`,
  });
}

/** A file name of a publisher as the name it gets on the shelf. Throws Failure `refused`. */
export function strictName(text: string): Name {
  const name = parseFileName(text);
  if (name !== undefined) return name;
  throw new Failure('refused', 'the feed names a file in a way that is not safe as a file name');
}

/** Fills in what most artifacts do not have. */
export function artifact(
  name: string,
  parts: Pick<ArtifactSpec, 'url' | 'kind'> & Partial<Omit<ArtifactSpec, 'name'>>,
): ArtifactSpec {
  return { digests: {}, digestLists: [], signatureUrls: [], unpack: [], ...parts, name: strictName(name) };
}

/** The publisher's keys, or those that the operator named instead: the publisher does not have these to offer. */
export function trusting(input: FeedInput, publisher: Omit<Trust, 'legacySha1'>): Trust {
  const own = input.pinned === undefined ? {} : { pinned: input.pinned, keyUrls: [] };
  return { ...publisher, ...own, legacySha1: input.legacySha1 ?? false };
}

/** The fingerprints that count for a system at all: those that the operator names stand in the place of the publisher's. */
export function trustedKeys({ keys }: Feed, named: readonly string[] | undefined): readonly string[] {
  const own = (named ?? []).filter((print) => !print.includes(':'));
  return own.length > 0 ? own : [...keys, ...(named ?? []).map((print) => print.replace(/^.*:/, ''))];
}

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
interface Layout {
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
