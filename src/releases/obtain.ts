import { errnoOf, systemFailure } from '../files/system-error.ts';
import { asFailure, Failure } from '../model/failure.ts';
import type { ArtifactSpec, ReleaseRef, ReleaseSpec, VerifiedArtifact } from '../model/release.ts';
import { checkSpace, type Draft, dropPart, openDraft, partPath, removeDraft } from './draft.ts';
import { download, missingBytes } from './download.ts';
import { checkStatus, openUrl } from './fetcher.ts';
import { extractFromIso } from './iso-tree.ts';
import { type Keys, loadKeys } from './keys.ts';
import { hashesOf } from './openpgp/verify.ts';
import type { ReleasePorts } from './ports.ts';
import { checkTogether, fetchProofs, verifyArtifact, verifyMember } from './verify.ts';
import { type Companion, publishedState, publishRelease } from './publish.ts';

const AT_ONCE = 2;

/** A release that is published here. */
export interface Published {
  readonly ref: ReleaseRef;
  /** `already`: it was there, and nothing was fetched or changed. */
  readonly outcome: 'published' | 'already';
  readonly files: readonly VerifiedArtifact[];
}

/**
 * Publishes one release: fetches what is missing, verifies every file, publishes all of them in one rename.
 * Whatever happens, a node sees the release whole and verified, or not at all; what arrived is kept for the next call.
 * The caller holds the lock. Throws Failure.
 */
export async function obtainRelease(spec: ReleaseSpec, ports: ReleasePorts): Promise<Published> {
  if ((await publishedState(ports.root, spec)) === 'published') {
    // Left by a run that was killed between publishing and tidying up.
    await removeDraft(ports.root, spec.ref);
    return { ref: spec.ref, outcome: 'already', files: [] };
  }
  const draft = await openDraft(ports.root, spec.ref);
  try {
    const files = await fetchAndPublish(spec, draft, ports);
    ports.progress({ kind: 'published', shelf: spec.ref.shelf });
    return { ref: spec.ref, outcome: 'published', files };
  } catch (error) {
    // A full disk stops the whole machine: what we put there goes first.
    if (error instanceof Failure && FULL.has(errnoOf(error.cause) ?? '')) await removeDraft(ports.root, spec.ref);
    throw error;
  }
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

async function fetchAndPublish(
  spec: ReleaseSpec,
  draft: Draft,
  ports: ReleasePorts,
): Promise<readonly VerifiedArtifact[]> {
  // Without a key nothing could be published: that is said before anything is asked for.
  const keys = spec.trust === undefined ? undefined : await loadKeys(spec.ref.system, spec.trust, ports);
  const announced = await announce(spec.artifacts, spec.redirectHosts, ports);
  await checkRoom(announced, draft, ports);
  const { signal } = ports.network;
  const obtained = await inParallel(announced, AT_ONCE, signal, (one, either) =>
    obtainFile(one.spec, spec, draft, keys, { ...ports, network: { ...ports.network, signal: either } }),
  );
  const artifacts = obtained.flatMap(({ artifacts: files }) => files);
  checkTogether(spec, artifacts);
  const companions = obtained.flatMap(({ companion }) => (companion === undefined ? [] : [companion]));
  const now = new Date(ports.network.clock.now());
  await publishRelease(ports.root, draft, artifacts, companions, now, spec.versionSignedAt);
  return artifacts;
}

async function checkRoom(announced: readonly Announced[], draft: Draft, ports: ReleasePorts): Promise<void> {
  let needed = 0;
  for (const { spec, size } of announced) needed += await missingBytes(spec, draft, size);
  checkSpace(needed, await ports.space(draft.parts));
}

interface Obtained {
  readonly artifacts: readonly VerifiedArtifact[];
  readonly companion: Companion | undefined;
}

async function obtainFile(
  file: ArtifactSpec,
  release: ReleaseSpec,
  draft: Draft,
  keys: Keys | undefined,
  ports: ReleasePorts,
): Promise<Obtained> {
  const proofs = await fetchProofs(file, release.redirectHosts, keys, ports);
  const needed = new Set(hashesFor(proofs.signatures, proofs.policy?.allowSha1 === true));
  const ceiling = ports.network.limits.ceilings[file.kind];
  const fetchOnce = async (again: boolean): Promise<VerifiedArtifact> => {
    const options = { redirectHosts: release.redirectHosts, hashes: needed, ceiling };
    const { hashes, resumed } = await download(file, draft, ports, options);
    try {
      return verifyArtifact({ ref: release.ref, spec: file, hashes, ...proofs });
    } catch (error) {
      // A wrong clock is not the file's fault; everything else is, and the file starts over.
      const { code, message } = asFailure(error);
      if (code !== 'refused') throw error;
      ports.network.log.warn({ file: file.name, why: message }, 'refused a download');
      await dropPart(draft, file.name);
      if (!resumed || again) throw error;
      return fetchOnce(true);
    }
  };
  const verified = await fetchOnce(false);
  const { signature, digests } = verified.evidence;
  const by = [...(signature === undefined ? [] : [`signature of ${signature.primary}`]), ...digests].join(', ');
  ports.progress({ kind: 'verified', file: file.name, size: verified.size, by });
  const members = file.unpack.length === 0 ? [] : await unpack(file, verified, draft, ports);
  return { artifacts: [verified, ...members], companion: proofs.companion };
}

function hashesFor(signatures: Parameters<typeof hashesOf>[0] | undefined, sha1: boolean): ReturnType<typeof hashesOf> {
  return new Set([...hashesOf(signatures ?? [])].filter((name) => sha1 || name !== 'sha1'));
}

async function unpack(
  file: ArtifactSpec,
  image: VerifiedArtifact,
  draft: Draft,
  ports: ReleasePorts,
): Promise<readonly VerifiedArtifact[]> {
  const { ceilings } = ports.network.limits;
  const wanted = file.unpack.map(({ member, name, kind }) => ({
    member,
    target: partPath(draft, name),
    maxBytes: ceilings[kind],
  }));
  const found = await extractFromIso(partPath(draft, file.name), wanted).catch((error: unknown) => {
    throw systemFailure(error, draft.path);
  });
  return file.unpack.flatMap((member) => {
    const hashes = found.get(member.member);
    return hashes === undefined ? [] : [verifyMember(image, member, hashes)];
  });
}

/**
 * Works on a list, so many at a time. After the first failure nothing new is begun, the others are told by the signal,
 * and when they have ended the failure is thrown. Results are in the order of the list.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const queue = items.entries();
  const failures: unknown[] = [];
  async function worker(): Promise<void> {
    for (const [i, item] of queue) {
      if (failures.length > 0) return;
      try {
        results.set(i, await work(item, both));
      } catch (error) {
        failures.push(error);
        failed.abort(error);
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
  return items.map((_, i) => results.get(i) as R);
}

/** What a server says of a file before it is fetched. */
interface Announced {
  readonly spec: ArtifactSpec;
  /** Bytes; undefined where nothing says it. */
  readonly size: number | undefined;
}

/**
 * Asks for the size of every file, for the sum that the disk must hold, and finds out early that a release is only half
 * there. Files that are absent and optional are left out. Throws Failure `not-found` for one that must be there;
 * a server that does not answer HEAD says nothing, and is asked again with GET later.
 */
export async function announce(
  specs: readonly ArtifactSpec[],
  redirectHosts: readonly string[],
  ports: ReleasePorts,
): Promise<readonly Announced[]> {
  const found: Announced[] = [];
  for (const spec of specs) {
    const answer = await head(spec, redirectHosts, ports);
    if (answer === 'absent' && spec.optional === true) continue;
    if (answer === 'absent')
      throw new Failure('not-found', `${spec.url} does not exist: the release is not, or only half, published`, {
        remedy: 'the next run tries again',
      });
    found.push({ spec, size: spec.size ?? answer });
  }
  return found;
}

async function head(
  spec: ArtifactSpec,
  redirectHosts: readonly string[],
  { network }: ReleasePorts,
): Promise<number | 'absent' | undefined> {
  const signal = AbortSignal.any([network.signal, AbortSignal.timeout(network.limits.idle)]);
  try {
    const opened = await openUrl(spec.url, network, { method: 'HEAD', headers: {}, redirectHosts, signal });
    const length = opened.response.headers['content-length'];
    checkStatus(opened, [200], network.clock.now());
    opened.response.destroy();
    return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  } catch (error) {
    if (network.signal.aborted) throw error;
    if (error instanceof Failure && error.code === 'not-found') return 'absent';
    return undefined;
  }
}
