import { Failure } from '../model/failure.ts';
import { type Name, parseFileName, parseVersion, type SystemId, type Version } from '../model/profile.ts';
import type {
  ArtifactSpec,
  Feed,
  FeedAnswer,
  FeedDocument,
  FeedInput,
  FeedStep,
  ReleaseSpec,
  Trust,
} from '../model/release.ts';
import { nearest } from '../model/text.ts';

/** Ceilings for texts: the real ones are a hundredth of these, and no server makes us read 200 MB. */
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

/** A file name of a publisher as the name it gets below images/. Throws Failure `refused`. */
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

/**
 * What a release consists of: the last step. Below images/ it lies in SYSTEM/ARCH/VERSION unless `shelf` says otherwise;
 * without `trust` its digests are the proof, and it redirects nowhere.
 */
export function releaseStep(
  { channel, arch }: FeedInput,
  system: SystemId,
  version: Version,
  spec: Partial<Omit<ReleaseSpec, 'ref'>> & Pick<ReleaseSpec, 'artifacts'> & { readonly shelf?: string },
): FeedStep {
  const { shelf = `${system}/${arch}/${version}`, ...parts } = spec;
  const ref = { system, channel, arch, version, shelf };
  return { kind: 'release', release: { ref, trust: undefined, redirectHosts: [], ...parts } };
}
