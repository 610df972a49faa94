import { readdir, rename, rm } from 'node:fs/promises';
import { Failure } from '../model/failure.ts';
import { compareVersions, parseVersion } from '../model/version.ts';
import type { DataRoot } from '../files/data-root.ts';
import { folderFault } from '../files/folder-fault.ts';
import { makeFolder } from '../files/publish.ts';
import { errnoOf, systemFailure } from '../files/system-error.ts';
import { MANIFEST_NAME, parseManifest } from '../images/manifest.ts';
import { DRAFTS } from './draft.ts';

/** A published release, by its manifest. */
export interface ShelfRelease {
  /** Below images/. */
  readonly shelf: string;
  /** System, channel and architecture: releases are counted for each of these. */
  readonly series: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** The publisher's signature over the version itself was checked. */
  readonly versionSigned?: boolean;
}

/** Every folder below images/ that we published. What lies there without our manifest is somebody's own. */
export async function listReleases(root: DataRoot): Promise<readonly ShelfRelease[]> {
  const found: ShelfRelease[] = [];
  const fault = await folderFault(root, 'images');
  if (fault !== undefined) throw fault;
  await walk('', 0);
  return found;

  async function walk(shelf: string, depth: number): Promise<void> {
    const folder = shelf === '' ? 'images' : `images/${shelf}`;
    const entries = await readdir(root.path(folder), { withFileTypes: true }).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return [];
      throw systemFailure(error, folder);
    });
    if (entries.some(({ name }) => name === MANIFEST_NAME)) {
      const release = await readRelease(root, shelf);
      if (release !== undefined) found.push(release);
      return;
    }
    // Links are not followed: what they lead to is not ours to delete.
    for (const entry of entries)
      if (entry.isDirectory() && !entry.name.startsWith('.') && depth < 3)
        await walk(shelf === '' ? entry.name : `${shelf}/${entry.name}`, depth + 1);
  }
}

async function readRelease(root: DataRoot, shelf: string): Promise<ShelfRelease | undefined> {
  try {
    const { bytes } = await root.read(`images/${shelf}/${MANIFEST_NAME}`, 1024 * 1024);
    const { files } = parseManifest(bytes.toString());
    const about = JSON.parse(bytes.toString()) as Record<string, unknown>;
    const { system, channel, arch, version, versionSignedAt } = about;
    if (typeof version !== 'string' || parseVersion(version) === undefined) return undefined;
    const size = Object.values(files).reduce((sum, file) => sum + file.size, 0);
    const versionSigned = typeof versionSignedAt === 'number' ? { versionSigned: true } : {};
    return { shelf, series: [system, channel, arch].map(String).join('/'), version, size, ...versionSigned };
  } catch (error) {
    // An unreadable manifest keeps its folder: in doubt nothing is deleted.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** What must not go, by shelf. */
export interface InUse {
  readonly profiles: ReadonlyMap<string, readonly string[]>;
  /** Shelves that nodes booted from in the last days. */
  readonly booted: ReadonlySet<string>;
  /** Shelves that somebody reads from at this moment. */
  readonly open: ReadonlySet<string>;
}

export interface Kept {
  readonly release: ShelfRelease;
  /** `profile a, profile b`, `one of the 2 newest of flatcar/stable/amd64`. */
  readonly because: string;
}

export interface Retention {
  readonly keep: readonly Kept[];
  readonly remove: readonly ShelfRelease[];
}

/** Decides what stays and why; pure. `newest`: how many of every series stay in any case. */
export function planRetention(releases: readonly ShelfRelease[], inUse: InUse, newest: number): Retention {
  const rank = new Map<string, number>();
  const sorted = [...releases].sort((a, b) => order(b.version, a.version));
  const keep: Kept[] = [];
  const remove: ShelfRelease[] = [];
  for (const release of sorted) {
    const place = rank.get(release.series) ?? 0;
    rank.set(release.series, place + 1);
    const because = reasons(release, inUse, place, newest);
    if (because.length > 0) keep.push({ release, because: because.join(', ') });
    else remove.push(release);
  }
  return { keep, remove };
}

function reasons({ shelf, series }: ShelfRelease, inUse: InUse, place: number, newest: number): readonly string[] {
  return [
    ...(inUse.profiles.get(shelf) ?? []).map((name) => `profile ${name}`),
    ...(place < newest ? [`one of the ${newest} newest of ${series}`] : []),
    ...(inUse.booted.has(shelf) ? ['booted lately'] : []),
    ...(inUse.open.has(shelf) ? ['being read'] : []),
  ];
}

function order(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left === undefined || right === undefined ? 0 : compareVersions(left, right);
}

/**
 * Takes a published release away: in one rename out of sight, so that nobody sees half of it, then for good. Whoever
 * has a file open reads on. Only under the lock.
 */
export async function removeRelease(root: DataRoot, { shelf }: ShelfRelease): Promise<void> {
  try {
    const trash = await makeFolder(root, `${DRAFTS}/removed`);
    const hidden = `${trash}/${shelf.replaceAll('/', '-')}`;
    await rm(hidden, { recursive: true, force: true });
    await rename(await root.real(`images/${shelf}`), hidden);
    await rm(hidden, { recursive: true, force: true });
  } catch (error) {
    throw systemFailure(error, `images/${shelf}`);
  }
}
