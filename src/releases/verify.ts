import { createHash } from 'node:crypto';
import { Failure } from '../model/failure.ts';
import {
  type ArtifactSpec,
  type DigestName,
  type Digests,
  type Evidence,
  findDigest,
  type ImageMember,
  type ReleaseRef,
  type ReleaseSpec,
  type VerifiedArtifact,
} from '../model/release.ts';
import type { Hashes } from './draft.ts';
import { fetchText, refusePage } from './fetcher.ts';
import type { Keys } from './keys.ts';
import type { Signature } from './openpgp/signature.ts';
import { checkSignatures, issuerKnown, type Policy, readSignatures, type Reason } from './openpgp/verify.ts';
import type { ReleasePorts } from './ports.ts';
import type { Companion } from './publish.ts';
import { shownUrl } from './targets.ts';

/** Everything that was found out about a file, before it is believed. */
interface Claim {
  readonly ref: ReleaseRef;
  readonly spec: ArtifactSpec;
  readonly hashes: Hashes;
  /** Undefined when the publisher signs nothing. */
  readonly signatures: readonly Signature[] | undefined;
  /** From the digest lists beside the file; the feed's own are in `spec`. */
  readonly listed: Digests;
  readonly policy: Policy | undefined;
}

/**
 * The only place where a file becomes a verified one. Every published digest must hold, and where the
 * publisher signs, a signature of a pinned key. A file about which nothing is known is refused. Throws Failure.
 */
export function verifyArtifact(claim: Claim): VerifiedArtifact {
  const { ref, spec, hashes } = claim;
  if (spec.size !== undefined && spec.size !== hashes.size)
    throw refuse(spec.name, `has ${hashes.size} bytes, ${spec.size} were announced`);
  const digests = [
    ...new Set([...checkDigests(spec.name, spec.digests, hashes), ...checkDigests(spec.name, claim.listed, hashes)]),
  ];
  const signature = spec.signatureUrls.length === 0 ? undefined : checkSignature(claim);
  if (digests.length === 0 && signature === undefined)
    throw refuse(spec.name, 'comes with neither a digest nor a signature');
  const evidence = { digests, signature };
  return made(ref, { name: spec.name, kind: spec.kind }, hashes, evidence);
}

/** A file out of an ISO image that was verified as a whole. */
export function verifyMember(image: VerifiedArtifact, member: ImageMember, hashes: Hashes): VerifiedArtifact {
  return made(image.ref, member, hashes, image.evidence);
}

function made(
  ref: ReleaseRef,
  file: Pick<ImageMember, 'name' | 'kind'>,
  hashes: Hashes,
  evidence: Evidence,
): VerifiedArtifact {
  const { name, kind } = file;
  const facts = {
    ref,
    name,
    kind,
    size: hashes.size,
    sha256: hashes.hex('sha256'),
    sha512: hashes.hex('sha512'),
    evidence,
  };
  return facts as unknown as VerifiedArtifact;
}

function checkDigests(name: string, expected: Digests, hashes: Hashes): readonly DigestName[] {
  return (['sha256', 'sha512'] as const).filter((algorithm) => {
    const wanted = expected[algorithm];
    if (wanted === undefined) return false;
    const is = hashes.hex(algorithm);
    if (is !== wanted) throw refuse(name, `has ${algorithm} ${is}, its publisher says ${wanted}`);
    return true;
  });
}

const WHY: Readonly<Record<Reason, string>> = {
  revoked: 'is signed by a key that its publisher revoked',
  bad: 'does not match its signature',
  clock: 'is signed in the future: the clock of this machine is behind',
  'weak-hash': 'is signed with SHA-1, which can be forged',
  lifetime: 'is signed by a key that was not valid at that time',
  expired: 'has a signature that was made to expire',
  unsupported: 'has a signature of a kind that is not accepted',
  stranger: 'is signed by a key that is not pinned for its publisher',
  none: 'has no signature',
};
const REMEDY: Readonly<Partial<Record<Reason, string>>> = {
  clock: 'set the clock, for example with an NTP client',
  'weak-hash': 'Container Linux from before 2016 needs PILOTLIGHT_ALLOW_SHA1=on',
  revoked: 'do not use this release; look at the publisher’s announcements',
};

function checkSignature({ spec, hashes, signatures, policy }: Claim): NonNullable<Evidence['signature']> {
  if (policy === undefined || signatures === undefined) throw signatureFailure(spec.name, 'none');
  const verdict = checkSignatures(signatures, 'binary', hashes.withTrailer, policy);
  if (verdict.good) return verdict.signer;
  throw signatureFailure(spec.name, verdict.reason, verdict.key);
}

/** The one sentence for each way in which a signature does not count. `unavailable` for a wrong clock, else `refused`. */
export function signatureFailure(what: string, reason: Reason, key?: string): Failure {
  const by = key === undefined ? '' : ` (key ${key})`;
  const remedy = REMEDY[reason];
  return new Failure(
    reason === 'clock' ? 'unavailable' : 'refused',
    `${what} ${WHY[reason]}${by}`,
    remedy === undefined ? {} : { remedy },
  );
}

/**
 * Refuses files that were signed too far apart, or too far from the text that names the version, to be of that release.
 * Throws Failure `refused`.
 */
export function checkTogether(spec: ReleaseSpec, artifacts: readonly VerifiedArtifact[]): void {
  if (spec.signedWithin === undefined) return;
  const { system, version } = spec.ref;
  const signed = artifacts.flatMap(({ name, evidence: { signature } }) =>
    signature === undefined ? [] : [{ name, at: signature.signedAt }],
  );
  const named =
    spec.versionSignedAt === undefined ? [] : [{ name: `its version ${version}`, at: spec.versionSignedAt }];
  const [first, ...others] = [...named, ...signed].sort((a, b) => a.at - b.at);
  const last = others.at(-1);
  if (first === undefined || last === undefined || last.at - first.at <= spec.signedWithin) return;
  const days = Math.round((last.at - first.at) / 86_400);
  throw new Failure(
    'refused',
    `${first.name} and ${last.name} of ${system} were signed ${days} days apart: they are not of one release`,
    { remedy: 'a mirror may be half updated, or put together from several releases' },
  );
}

function refuse(name: string, what: string): Failure {
  return new Failure('refused', `${name} ${what}`, { remedy: 'nothing was published; the next run fetches it anew' });
}

const MAX_SIGNATURE = 64 * 1024;
const MAX_DIGESTS = 1024 * 1024;

/** What a publisher says of one file, fetched before the file itself. */
export interface Proofs {
  readonly signatures: readonly Signature[] | undefined;
  readonly policy: Policy | undefined;
  readonly listed: Digests;
  /** The signature as a file, to be published beside it. */
  readonly companion: Companion | undefined;
}

/**
 * Fetches the signature and the digests of a file. A file without the signature that it must have, or signed only by
 * unknown keys, is refused here, before its first byte is fetched. Throws Failure.
 */
export async function fetchProofs(
  spec: ArtifactSpec,
  redirectHosts: readonly string[],
  keys: Keys | undefined,
  ports: ReleasePorts,
): Promise<Proofs> {
  const listed = await fetchListed(spec, redirectHosts, ports);
  if (spec.signatureUrls.length === 0)
    return { signatures: undefined, policy: undefined, listed, companion: undefined };
  const bytes = await fetchFirst(spec.signatureUrls, MAX_SIGNATURE, redirectHosts, ports);
  if (bytes === undefined || keys === undefined) throw signatureFailure(spec.name, 'none');
  refusePage(bytes.bytes, shownUrl(new URL(bytes.url)), `the signature of ${spec.name}`);
  const signatures = readSignatures(bytes.bytes);
  if (signatures.length === 0) throw signatureFailure(spec.name, 'none');
  let { policy } = keys;
  if (!issuerKnown(signatures, policy)) policy = await keys.renew();
  if (!issuerKnown(signatures, policy)) {
    const [first] = signatures;
    throw signatureFailure(spec.name, 'stranger', first?.issuerFingerprint ?? first?.issuerKeyId);
  }
  return { signatures, policy, listed, companion: companionOf(`${spec.name}.sig`, bytes.bytes) };
}

async function fetchListed(
  spec: ArtifactSpec,
  redirectHosts: readonly string[],
  ports: ReleasePorts,
): Promise<Digests> {
  for (const list of spec.digestLists) {
    const found = await fetchFirst([list.url], MAX_DIGESTS, redirectHosts, ports);
    if (found === undefined) continue;
    const digest = findDigest(found.bytes.toString('utf8'), list);
    if (digest === undefined)
      throw new Failure('refused', `${list.url} does not name ${list.entry}`, {
        remedy: 'nothing was published; the list is that of another file, or a proxy answered in its place',
      });
    return { [list.algorithm]: digest };
  }
  return {};
}

async function fetchFirst(
  urls: readonly string[],
  maxBytes: number,
  redirectHosts: readonly string[],
  { network }: ReleasePorts,
): Promise<{ readonly bytes: Buffer; readonly url: string } | undefined> {
  for (const url of urls) {
    const found = await fetchText(url, network, { maxBytes, redirectHosts, optional: true });
    if (found !== undefined) return { ...found, url };
  }
  return undefined;
}

function companionOf(name: string, bytes: Buffer): Companion {
  const hex = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex');
  return { name, bytes, file: { size: bytes.length, sha256: hex('sha256'), sha512: hex('sha512') } };
}
