import { createHash } from 'node:crypto';
import { findDigest } from '../model/digests.ts';
import { Failure } from '../model/failure.ts';
import type { ArtifactSpec, Digests } from '../model/release.ts';
import { fetchText } from './fetcher.ts';
import type { Keys } from './keys.ts';
import type { Signature } from './openpgp/signature.ts';
import { issuerKnown, type Policy, readSignatures } from './openpgp/verify.ts';
import type { ReleasePorts } from './ports.ts';
import type { Companion } from './publish.ts';
import { shownUrl } from './targets.ts';
import { signatureFailure } from './verify.ts';
import { refusePage } from './web-page.ts';

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
 * Fetches the signature and the digests of a file. A file without the signature that it must have, or signed by nobody
 * whom we know, is refused here, before its first byte is fetched. Throws Failure.
 */
export async function fetchProofs(
  spec: ArtifactSpec,
  redirectHosts: readonly string[],
  believed: { readonly keys: Keys; readonly policy: (certificates: Keys['certificates']) => Policy } | undefined,
  ports: ReleasePorts,
): Promise<Proofs> {
  const listed = await fetchListed(spec, redirectHosts, ports);
  if (spec.signatureUrls.length === 0)
    return { signatures: undefined, policy: undefined, listed, companion: undefined };
  const bytes = await fetchFirst(spec.signatureUrls, MAX_SIGNATURE, redirectHosts, ports);
  if (bytes === undefined || believed === undefined) throw signatureFailure(spec.name, 'none');
  refusePage(bytes.bytes, shownUrl(new URL(bytes.url)), `the signature of ${spec.name}`);
  const signatures = readSignatures(bytes.bytes);
  if (signatures.length === 0) throw signatureFailure(spec.name, 'none');
  let policy = believed.policy(believed.keys.certificates);
  if (!issuerKnown(signatures, policy)) policy = believed.policy(await believed.keys.renew());
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
