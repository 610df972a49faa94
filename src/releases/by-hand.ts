import { readdir } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import { placeFile } from '../files/publish.ts';
import { systemFailure } from '../files/system-error.ts';
import { MANIFEST_NAME, type ManifestFile, manifestText, type ShelfRelease } from '../images/manifest.ts';
import { Failure } from '../model/failure.ts';
import { type BuiltProfile, builds, parseVersion } from '../model/profile.ts';
import { hashRest, startHashes } from './draft.ts';
import { shelvesOf } from './in-use.ts';
import { targetOf } from './plan.ts';

/**
 * The images that an operator put below images/ where a profile looks for its own, also those of other versions. Nothing
 * says of what channel they are: they count for the profile that names them, else for the first that could boot them.
 */
export async function listByHand(
  root: DataRoot,
  { profiles }: Pick<Snapshot, 'profiles'>,
): Promise<readonly ShelfRelease[]> {
  const found = new Map<string, ShelfRelease>();
  const bySeries = [...profiles.values()].filter(({ system }) => system !== 'custom').flatMap(builds);
  // Who names a version goes before who only could.
  for (const own of [true, false]) {
    for (const profile of bySeries) {
      const folder = folderOf(profile);
      if (folder === undefined) continue;
      const versions = own ? [profile.version] : await foldersIn(root, folder);
      for (const version of versions) {
        const shelf = `${folder}/${version}`;
        if (parseVersion(version) === undefined || found.has(shelf)) continue;
        const files = await filesByHand(root, shelf);
        if (files.length === 0) continue;
        const size = files.reduce((sum, file) => sum + file.size, 0);
        found.set(shelf, { shelf, series: targetOf(profile), version, size, byHand: true });
      }
    }
  }
  return [...found.values()];
}

/** Where the releases lie that a profile can boot: `flatcar/amd64`. */
export function folderOf(profile: BuiltProfile): string | undefined {
  const [shelf] = shelvesOf(profile.version === '' ? { ...profile, version: '0' } : profile);
  return shelf === undefined ? undefined : posix.dirname(shelf);
}

async function foldersIn(root: DataRoot, folder: string): Promise<readonly string[]> {
  const entries = await readdir(root.path(`images/${folder}`), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name);
}

/** Empty for a folder with a manifest: we published it, or its digests are written down. */
async function filesByHand(root: DataRoot, shelf: string) {
  const listing = await root.list(`images/${shelf}`).catch(() => undefined);
  if (listing === undefined || listing.names.includes(MANIFEST_NAME)) return [];
  const names = listing.names.filter((name) => !name.startsWith('.'));
  return await Promise.all(names.map(async (name) => ({ name, ...(await root.stat(`images/${shelf}/${name}`)) })));
}

/**
 * Writes down the digests of files that were placed by hand, as they are now: `images verify` sees when one changes, and
 * they are listed with a date. They stay "not verified", and are never removed. Throws Failure for what is none.
 */
export async function adoptByHand(root: DataRoot, release: ShelfRelease, now: Date): Promise<number> {
  const { shelf, series, version } = release;
  const files: Record<string, ManifestFile> = {};
  for (const { name } of await filesByHand(root, shelf)) files[name] = await digestsOf(root, `images/${shelf}/${name}`);
  const [system, channel, arch] = series.split('/');
  const about = { system, channel, arch, version, publishedAt: now.toISOString(), byHand: true };
  const text = manifestText({ ...about, files });
  const folder = await root.real(`images/${shelf}`);
  try {
    await placeFile(posix.join(folder, MANIFEST_NAME), text, { mode: 0o644, replace: false });
  } catch (error) {
    throw systemFailure(error, `images/${shelf}`);
  }
  return Object.keys(files).length;
}

async function digestsOf(root: DataRoot, path: string): Promise<ManifestFile> {
  const { handle, size } = await root.open(path);
  try {
    const hashes = startHashes(new Set());
    await hashRest(handle, hashes);
    if ((await handle.stat()).size !== size)
      throw new Failure('unavailable', `${path} is being written`, { remedy: 'adopt it when it is whole' });
    return { size, sha256: hashes.hex('sha256') };
  } catch (error) {
    throw systemFailure(error, path);
  } finally {
    await handle.close();
  }
}
