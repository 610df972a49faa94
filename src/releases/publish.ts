import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, unlessFailed } from '../model/failure.ts';
import type { Evidence, ReleaseRef, ReleaseSpec, VerifiedArtifact } from '../model/release.ts';
import type { DataRoot } from '../files/data-root.ts';
import { publishFolder } from '../files/publish.ts';
import { systemFailure } from '../files/system-error.ts';
import {
  MANIFEST_BYTES,
  MANIFEST_NAME,
  type ManifestFile,
  manifestText,
  parseManifest,
  type ReleaseManifest,
} from '../images/manifest.ts';
import { type Draft, partPath, removeDraft } from './draft.ts';

/** The manifest as we write it: with what the release is and why each file is believed. */
export interface PublishedManifest extends ReleaseManifest {
  readonly system: string;
  readonly channel: string;
  readonly arch: string;
  readonly version: string;
  /** ISO 8601. */
  readonly publishedAt: string;
  /** When the publisher signed the version itself, where it does: seconds since 1970. */
  readonly versionSignedAt?: number;
  /** An operator uploaded it with a digest for each file. */
  readonly digestsGiven?: boolean;
  readonly files: Readonly<Record<string, ManifestFile & { readonly evidence?: Evidence }>>;
}

/** Small files that lie beside a verified one: its signature, for installers that check it again. */
export interface Companion {
  readonly name: string;
  readonly bytes: Buffer;
  readonly file: ManifestFile;
}

/**
 * Publishes verified files, and nothing else can be given to it: they are moved into one folder, a manifest is written
 * beside them, and the folder appears below images/ in one rename. Throws Failure; then nothing has appeared.
 */
export async function publishRelease(
  root: DataRoot,
  draft: Draft,
  artifacts: readonly VerifiedArtifact[],
  companions: readonly Companion[],
  now: Date,
  versionSignedAt?: number,
): Promise<void> {
  const ref = artifacts[0]?.ref;
  if (ref === undefined || artifacts.some((one) => one.ref.shelf !== ref.shelf))
    throw new TypeError('published files are of exactly one release');
  const folder = root.path(draft.release);
  try {
    for (const { name } of artifacts) await rename(partPath(draft, name), join(folder, name));
    for (const { name, bytes } of companions) await writeFile(join(folder, name), bytes);
    const manifest = { ...manifestOf(ref, artifacts, companions, now), versionSignedAt };
    await writeFile(join(folder, MANIFEST_NAME), manifestText(manifest));
  } catch (error) {
    throw systemFailure(error, draft.release);
  }
  await publishFolder(root, draft.release, `images/${ref.shelf}`);
  await removeDraft(root, ref);
}

function manifestOf(
  ref: ReleaseRef,
  artifacts: readonly VerifiedArtifact[],
  companions: readonly Companion[],
  now: Date,
): PublishedManifest {
  const files = artifacts.map(
    ({ name, size, sha256, sha512, evidence }) => [name, { size, sha256, sha512, evidence }] as const,
  );
  const more = companions.map(({ name, file }) => [name, file] as const);
  const { system, channel, arch, version } = ref;
  return {
    system,
    channel,
    arch,
    version,
    publishedAt: now.toISOString(),
    files: Object.fromEntries([...files, ...more]),
  };
}

function isByHand(text: string): boolean {
  parseManifest(text);
  return (JSON.parse(text) as { readonly byHand?: unknown }).byHand === true;
}

/** Whether a release is published already: by us and whole. Throws Failure where something else is in its place. */
export async function publishedState(root: DataRoot, spec: ReleaseSpec): Promise<'absent' | 'published'> {
  const folder = `images/${spec.ref.shelf}`;
  const manifest = await root.readIfThere(`${folder}/${MANIFEST_NAME}`, MANIFEST_BYTES);
  const byHand = manifest !== undefined && isByHand(manifest.toString());
  if (manifest === undefined || byHand) {
    if (!byHand && (await unlessFailed(root.real(folder), 'not-found')) === undefined) return 'absent';
    // A folder without a manifest, or with one of files placed by hand, is the operator's own: it is never touched.
    throw new Failure('conflict', `${folder} exists already and was not published from a verified download`, {
      remedy: 'move it away to have it fetched and verified, or set "update": "manual" to keep it',
    });
  }
  for (const [name, { size }] of Object.entries(parseManifest(manifest.toString()).files)) {
    const file = `${folder}/${name}`;
    const facts = await unlessFailed(root.stat(file), 'not-found');
    if (facts?.size === size) continue;
    const what = facts === undefined ? 'is missing' : 'does not have the size that it was published with';
    throw new Failure('broken', what, {
      place: { file },
      remedy: `move ${folder} away, the next run fetches it again`,
    });
  }
  return 'published';
}
