import { readdir, rename, rm } from 'node:fs/promises';
import type { Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import { folderFault } from '../files/folder.ts';
import { makeFolder } from '../files/publish.ts';
import { errnoOf, systemFailure } from '../files/system-error.ts';
import { MANIFEST_BYTES, MANIFEST_NAME, parseManifest, type ShelfRelease } from '../images/manifest.ts';
import { unlessFailed } from '../model/failure.ts';
import { compareVersions, parseVersion } from '../model/profile.ts';
import type { SyncEvent } from '../model/sync-event.ts';
import { DRAFTS, hashRest, startHashes } from './draft.ts';
import { listByHand } from './by-hand.ts';
import { bootedLately, namedShelves, unreadableProfile } from './in-use.ts';

interface Kept {
  readonly release: ShelfRelease;
  /** `profile a`, `one of the 2 newest of flatcar/stable/amd64`; never empty. */
  readonly because: readonly string[];
}

interface Retention {
  readonly keep: readonly Kept[];
  readonly remove: readonly ShelfRelease[];
}

export interface RetentionPlan extends Retention {
  /** Why nothing is removed although it could be. */
  readonly hindered?: string;
}

interface RetentionInput {
  readonly snapshot: Snapshot;
  /** How many of every series stay in any case. */
  readonly keep: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What stays, why, and what may go. */
export async function retentionPlan(root: DataRoot, { snapshot, keep, now }: RetentionInput): Promise<RetentionPlan> {
  const inUse = { profiles: namedShelves(snapshot), booted: await bootedLately(root, now) };
  const releases = [...(await listReleases(root)), ...(await listByHand(root, snapshot))];
  const plan = planRetention(releases, inUse, keep);
  const unreadable = unreadableProfile(snapshot);
  if (unreadable === undefined || plan.remove.length === 0) return plan;
  const hindered = `${unreadable} is broken and may name it`;
  const spared = plan.remove.map((release) => ({ release, because: [hindered] }));
  return { keep: [...plan.keep, ...spared], remove: [], hindered };
}

/** Takes away what may go. Under the lock. A reader that has a file open reads on. */
export async function retain(
  root: DataRoot,
  input: RetentionInput,
  emit: (event: SyncEvent) => void,
): Promise<readonly string[]> {
  const { remove } = await retentionPlan(root, input);
  for (const release of remove) {
    await removeRelease(root, release);
    emit({ kind: 'removed', shelf: release.shelf, size: release.size });
  }
  return remove.map(({ shelf }) => shelf);
}

/** What must not go, by folder below images/. */
interface InUse {
  readonly profiles: ReadonlyMap<string, readonly string[]>;
  /** What nodes booted from in the last days. */
  readonly booted: ReadonlySet<string>;
}

/** Decides what stays and why; pure. `newest`: how many of every series stay in any case. */
export function planRetention(releases: readonly ShelfRelease[], inUse: InUse, newest: number): Retention {
  const rank = new Map<string, number>();
  const keep: Kept[] = [];
  const remove: ShelfRelease[] = [];
  for (const release of [...releases].sort((a, b) => order(b.version, a.version))) {
    const { shelf, series, byHand, digestsGiven } = release;
    const place = rank.get(series) ?? 0;
    if (byHand === undefined) rank.set(series, place + 1);
    const because = [
      ...(inUse.profiles.get(shelf) ?? []).map((name) => `profile ${name}`),
      ...(byHand === true
        ? [`by hand, ${digestsGiven === true ? 'with its digests' : 'not verified'}: it stays until you remove it`]
        : []),
      ...(place < newest && byHand === undefined ? [`one of the ${newest} newest of ${series}`] : []),
      ...(inUse.booted.has(shelf) ? ['booted lately'] : []),
    ];
    if (because.length > 0) keep.push({ release, because });
    else remove.push(release);
  }
  return { keep, remove };
}

function order(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left === undefined || right === undefined ? 0 : compareVersions(left, right);
}

/** Every folder below images/ that has a manifest. What lies there without our manifest is the operator's own. */
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
      // An unreadable manifest keeps its folder: in doubt nothing is deleted.
      const release = await unlessFailed(readRelease(root, shelf));
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
  const text = (await root.read(`images/${shelf}/${MANIFEST_NAME}`, MANIFEST_BYTES)).bytes.toString();
  const { files } = parseManifest(text);
  const { system, channel, arch, version, versionSignedAt, byHand, digestsGiven } = JSON.parse(text) as Record<
    string,
    unknown
  >;
  if (typeof version !== 'string' || parseVersion(version) === undefined) return undefined;
  const size = Object.values(files).reduce((sum, file) => sum + file.size, 0);
  const series = [system, channel, arch]
    .filter((part) => part !== undefined)
    .map(String)
    .join('/');
  const versionSigned = typeof versionSignedAt === 'number' || undefined;
  const hand = byHand === true ? { byHand, ...(digestsGiven === true ? { digestsGiven } : {}) } : {};
  return { shelf, series, version, size, versionSigned, ...hand };
}

/**
 * Takes a published release away: in one rename out of sight, so that no request sees half of it, then for good. Only
 * under the lock.
 */
export async function removeRelease(root: DataRoot, { shelf }: Pick<ShelfRelease, 'shelf'>): Promise<void> {
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

/** A published file, compared with what was recorded when it was published. */
export interface Audited {
  /** Below images/. */
  readonly path: string;
  readonly state: 'good' | 'changed' | 'missing';
}

/** Reads every file of a published release again. A damaged disk and an edited file both show here. */
export async function auditRelease(root: DataRoot, shelf: string): Promise<readonly Audited[]> {
  const text = (await root.read(`images/${shelf}/${MANIFEST_NAME}`, MANIFEST_BYTES)).bytes.toString();
  const results: Audited[] = [];
  for (const [name, recorded] of Object.entries(parseManifest(text).files)) {
    const path = `${shelf}/${name}`;
    const sha256 = await unlessFailed(digestOf(root, `images/${path}`), 'not-found');
    results.push({ path, state: sha256 === undefined ? 'missing' : sha256 === recorded.sha256 ? 'good' : 'changed' });
  }
  return results;
}

async function digestOf(root: DataRoot, path: string): Promise<string> {
  const { handle } = await root.open(path);
  try {
    const hashes = startHashes(new Set());
    await hashRest(handle, hashes);
    return hashes.hex('sha256');
  } catch (error) {
    throw systemFailure(error, path);
  } finally {
    await handle.close();
  }
}
