import { createHash } from 'node:crypto';
import { Failure } from '../model/failure.ts';
import type { FeedAnswer, FeedDocument, FeedStep, ReleaseSpec } from '../model/release.ts';
import type { SystemId } from '../model/profile.ts';
import { fetchText, refusePage } from './fetcher.ts';
import { type Keys, loadKeys } from './keys.ts';
import { readCleartext } from './openpgp/packets.ts';
import type { Signature } from './openpgp/signature.ts';
import { checkSignatures, readSignatures } from './openpgp/verify.ts';
import type { ReleasePorts } from './ports.ts';
import { shownUrl } from './targets.ts';
import { signatureFailure } from './verify.ts';

const MAX_SIGNATURE = 64 * 1024;
/** No feed asks more often; one that does would go round in circles. */
const MOST_STEPS = 8;

/** Follows a feed to the release that it names: reads its documents, checks their signatures and digests. */
export async function resolveRelease(system: SystemId, first: FeedStep, ports: ReleasePorts): Promise<ReleaseSpec> {
  let step = first;
  for (let count = 0; step.kind === 'fetch'; count += 1) {
    if (count === MOST_STEPS) throw new TypeError(`the feed of ${system} does not end`);
    const { trust, documents, redirectHosts } = step;
    let loading: Promise<Keys> | undefined;
    // Asked for when there is a signature to check, and once.
    const keys: KeySource = async () =>
      trust === undefined ? undefined : await (loading ??= loadKeys(system, trust, ports));
    const answers: (FeedAnswer | undefined)[] = [];
    for (const document of documents) answers.push(await readDocument(document, redirectHosts, keys, ports));
    step = step.next(answers);
  }
  return step.release;
}

/** Undefined where the publisher signs nothing. */
type KeySource = () => Promise<Keys | undefined>;

async function readDocument(
  document: FeedDocument,
  redirectHosts: readonly string[],
  keys: KeySource,
  ports: ReleasePorts,
): Promise<FeedAnswer | undefined> {
  const { url, maxBytes, redirect, optional, signed } = document;
  const fetched = await fetchText(url, ports.network, { maxBytes, redirectHosts, redirect, optional });
  if (fetched === undefined) return undefined;
  const { bytes, location } = fetched;
  checkDocument(document, bytes);
  if (location !== undefined) return { text: '', location };
  if (signed === undefined) return { text: bytes.toString('utf8') };
  if (signed === 'cleartext') {
    refusePage(bytes, shownUrl(new URL(url)), 'a signed list');
    const message = readCleartext(bytes);
    const signatures = readSignatures(message.signatures);
    return { text: message.text, signedAt: await checkText(url, signatures, 'text', message.canonical, keys) };
  }
  const options = { maxBytes: MAX_SIGNATURE, redirectHosts, optional: signed.optional };
  const signature = await fetchText(signed.detached, ports.network, options);
  const text = bytes.toString('utf8');
  if (signature === undefined && signed.optional === true) return { text };
  const proof = signature?.bytes ?? Buffer.alloc(0);
  refusePage(proof, shownUrl(new URL(signed.detached)), 'a signature');
  const signatures = readSignatures(proof);
  return { text, signedAt: await checkText(url, signatures, 'binary', bytes, keys) };
}

function checkDocument({ url, digests }: FeedDocument, bytes: Buffer): void {
  for (const [algorithm, wanted] of Object.entries(digests ?? {})) {
    const is = createHash(algorithm).update(bytes).digest('hex');
    if (is !== wanted)
      throw new Failure('refused', `${url} has ${algorithm} ${is}, the signed list says ${wanted}`, {
        remedy: 'a mirror that is being updated does this for some minutes',
      });
  }
}

/** Gives the time of the signature. Throws Failure where none holds. */
async function checkText(
  what: string,
  signatures: readonly Signature[],
  type: 'binary' | 'text',
  data: Buffer,
  keys: KeySource,
): Promise<number> {
  const known = await keys();
  if (known === undefined) throw signatureFailure(what, 'stranger');
  const digest = (hash: string, trailer: Buffer): Buffer => createHash(hash).update(data).update(trailer).digest();
  let verdict = checkSignatures(signatures, type, digest, known.policy);
  if (!verdict.good && verdict.reason === 'stranger')
    verdict = checkSignatures(signatures, type, digest, await known.renew());
  if (!verdict.good) throw signatureFailure(what, verdict.reason, verdict.key);
  return verdict.signer.signedAt;
}
