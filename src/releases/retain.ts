import { readdir, rename, rm } from 'node:fs/promises';
import type { DataRoot } from '../files/data-root.ts';
import { folderFault } from '../files/folder-fault.ts';
import { makeFolder } from '../files/publish.ts';
import { errnoOf, systemFailure } from '../files/system-error.ts';
import { MANIFEST_NAME, parseManifest } from '../images/manifest.ts';
import { Failure } from '../model/failure.ts';
import { compareVersions, parseVersion } from '../model/profile.ts';
import { DRAFTS, startHashes } from './draft.ts';
import type { SyncRunPorts } from './ports.ts';
import { namedShelves, unreadableProfile } from './state-file.ts';

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
interface InUse {
  readonly profiles: ReadonlyMap<string, readonly string[]>;
  /** Shelves that nodes booted from in the last days. */
  readonly booted: ReadonlySet<string>;
  /** Shelves that somebody reads from at this moment. */
  readonly open: ReadonlySet<string>;
}

interface Kept {
  readonly release: ShelfRelease;
  /** `profile a, profile b`, `one of the 2 newest of flatcar/stable/amd64`. */
  readonly because: string;
}

interface Retention {
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

export interface RetentionPlan extends Retention {
  /** Why nothing is removed although it could be. */
  readonly hindered?: string;
}

type RetentionPorts = Pick<SyncRunPorts, 'profiles' | 'booted' | 'keep'>;

/** What stays, why, and what may go. */
export async function retentionPlan(root: DataRoot, ports: RetentionPorts): Promise<RetentionPlan> {
  const snapshot = await ports.profiles();
  const inUse = { profiles: namedShelves(snapshot), booted: await ports.booted(), open: new Set<string>() };
  const plan = planRetention(await listReleases(root), inUse, ports.keep);
  const unreadable = unreadableProfile(snapshot);
  if (unreadable === undefined || plan.remove.length === 0) return plan;
  const because = `${unreadable} is broken and may name it`;
  return {
    keep: [...plan.keep, ...plan.remove.map((release) => ({ release, because }))],
    remove: [],
    hindered: because,
  };
}

/** Takes away what may go. Under the lock. Whoever has a file open reads on. */
export async function retain(
  root: DataRoot,
  ports: RetentionPorts & Pick<SyncRunPorts, 'tell'>,
): Promise<readonly string[]> {
  const { remove } = await retentionPlan(root, ports);
  for (const release of remove) {
    await removeRelease(root, release);
    ports.tell({ kind: 'removed', shelf: release.shelf, size: release.size });
  }
  return remove.map(({ shelf }) => shelf);
}

/** A published file, compared with what was recorded when it was published. */
export interface Audited {
  /** Below images/. */
  readonly path: string;
  readonly state: 'good' | 'changed' | 'missing';
}

/** Reads every file of a published release again. A damaged disk and a curious colleague both show here. */
export async function auditRelease(root: DataRoot, shelf: string): Promise<readonly Audited[]> {
  const manifest = parseManifest((await root.read(`images/${shelf}/${MANIFEST_NAME}`, 1024 * 1024)).bytes.toString());
  const results: Audited[] = [];
  for (const [name, recorded] of Object.entries(manifest.files)) {
    const path = `${shelf}/${name}`;
    const sha256 = await digestOf(root, `images/${path}`);
    results.push({ path, state: sha256 === undefined ? 'missing' : sha256 === recorded.sha256 ? 'good' : 'changed' });
  }
  return results;
}

async function digestOf(root: DataRoot, path: string): Promise<string | undefined> {
  try {
    const { handle } = await root.open(path);
    try {
      const hashes = startHashes(new Set());
      const buffer = Buffer.allocUnsafe(1 << 20);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, hashes.size);
        if (bytesRead === 0) return hashes.hex('sha256');
        hashes.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw systemFailure(error, path);
  }
}
