import { createHash, type Hash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { errnoOf, systemFailure } from '../files/system-error.ts';
import { Failure } from '../model/failure.ts';
import type { Name } from '../model/profile.ts';
import type { ReleaseRef } from '../model/release.ts';
import type { HashName } from './openpgp/signature.ts';
import type { DataDigest } from './openpgp/verify.ts';

/** Below images/, so that publishing is a rename; a name with a leading dot is never served. */
export const DRAFTS = 'images/.drafts';

/** What is being fetched of one release. It survives crashes: the next run takes it up. */
export interface Draft {
  /** `images/.drafts/flatcar-amd64-4593.2.5`. */
  readonly path: string;
  /** `PATH/release`: the folder that will be published; only verified files get there. */
  readonly release: string;
  /** The host's path of PATH/parts: what is not yet verified. */
  readonly parts: string;
}

/** Where a download stood, so that it can go on: kept beside the part. */
export interface PartState {
  readonly url: string;
  /** ETag or Last-Modified, for If-Range. */
  readonly validator: string;
  /** The whole length in bytes. */
  readonly total: number | undefined;
}

/**
 * Opens the draft of a release. Files that an earlier run verified and did not publish go back among the parts: they
 * are hashed and checked again, which costs a second and needs no trust in what lies on the disk.
 */
export async function openDraft(root: DataRoot, ref: ReleaseRef): Promise<Draft> {
  const path = draftOf(ref);
  const parts = await makeFolder(root, `${path}/parts`);
  const release = await makeFolder(root, `${path}/release`);
  try {
    for (const name of await readdir(release)) {
      if (name.startsWith('.') || name.endsWith('.sig')) await rm(join(release, name), { recursive: true });
      else await rename(join(release, name), join(parts, `${name}.part`));
    }
  } catch (error) {
    throw systemFailure(error, path);
  }
  return { path, release: `${path}/release`, parts };
}

/** The part of a file, and how far it is; a part whose beginnings are unknown starts over. */
export async function openPart(
  draft: Draft,
  name: Name,
  url: string,
): Promise<{ handle: FileHandle; state: PartState | undefined }> {
  const state = await readState(draft, name);
  const known = state?.url === url ? state : undefined;
  // Appending, so that after a truncation the next byte is the first one again.
  const handle = await guarded(draft, name, () => open(partPath(draft, name), 'a+', 0o644));
  if (known === undefined) await guarded(draft, name, () => handle.truncate(0));
  return { handle, state: known };
}

async function readState(draft: Draft, name: Name): Promise<PartState | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(draft.parts, `${name}.json`), 'utf8'));
    return isState(value) ? value : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw systemFailure(error, `${draft.path}/parts/${name}.json`);
  }
}

function isState(value: unknown): value is PartState {
  const { url, validator, total } = (value ?? {}) as Record<string, unknown>;
  return typeof url === 'string' && typeof validator === 'string' && (total === undefined || typeof total === 'number');
}

export async function writeState(root: DataRoot, draft: Draft, name: Name, state: PartState): Promise<void> {
  await replaceFile(root, `${draft.path}/parts/${name}.json`, JSON.stringify(state));
}

/** Forgets a part: its bytes are wrong, and going on from them would never end well. */
export async function dropPart(draft: Draft, name: Name): Promise<void> {
  await guarded(draft, name, async () => {
    // The state first: a part without it starts over, a state without its part would be of another file.
    await rm(join(draft.parts, `${name}.json`), { force: true });
    await rm(partPath(draft, name), { force: true });
  });
}

/** Bytes of this file that are on the disk already. */
export async function partSize(draft: Draft, name: Name): Promise<number> {
  return stat(partPath(draft, name)).then(
    ({ size }) => size,
    () => 0,
  );
}

export function partPath(draft: Draft, name: Name): string {
  return join(draft.parts, `${name}.part`);
}

/** Removes a release's draft with everything in it, if there is one. */
export async function removeDraft(root: DataRoot, ref: ReleaseRef): Promise<void> {
  const path = draftOf(ref);
  await rm(root.path(path), { recursive: true, force: true }).catch((error: unknown) => {
    throw systemFailure(error, path);
  });
}

/** Longer than a publisher's outage: until then a download goes on where it stopped. */
const STALE_MS = 7 * 24 * 3_600_000;

/**
 * Removes drafts that nothing was written to for a week: of a release that was replaced before it was whole, or of a
 * channel that no profile follows now. Only under the lock. Gives their paths.
 */
export async function removeStaleDrafts(root: DataRoot, now: number): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const entry of await entriesOf(root.path(DRAFTS))) {
    const path = `${DRAFTS}/${entry.name}`;
    try {
      if (!entry.isDirectory() || (await newestIn(root.path(path))) > now - STALE_MS) continue;
      await rm(root.path(path), { recursive: true, force: true });
      removed.push(path);
    } catch (error) {
      throw systemFailure(error, path);
    }
  }
  return removed;
}

async function newestIn(path: string): Promise<number> {
  const inside = (await entriesOf(path)).map(({ name }) => join(path, name));
  const times = await Promise.all(
    inside.map(async (one) => ((await stat(one)).isDirectory() ? newestIn(one) : (await stat(one)).mtimeMs)),
  );
  return Math.max((await stat(path)).mtimeMs, ...times);
}

async function entriesOf(path: string): Promise<readonly Dirent[]> {
  return await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
}

function draftOf(ref: ReleaseRef): string {
  return `${DRAFTS}/${ref.shelf.replaceAll('/', '-')}`;
}

async function guarded<T>(draft: Draft, name: Name, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw systemFailure(error, `${draft.path}/parts/${name}.part`);
  }
}

/** Digests of one file, computed while its bytes pass by, once for everything that will be asked. */
export interface Hashes {
  readonly size: number;
  readonly update: (chunk: Buffer) => void;
  /** Lower-case hexadecimal. */
  readonly hex: (hash: 'sha256' | 'sha512') => string;
  /** For an OpenPGP signature: the digest of the data and the signature's trailer. */
  readonly withTrailer: DataDigest;
}

/** SHA-256 and SHA-512 are always there (every published file is recorded with both); `more` is what signatures need. */
export function startHashes(more: ReadonlySet<HashName>): Hashes {
  const names = new Set<HashName>(['sha256', 'sha512', ...more]);
  const running = new Map<HashName, Hash>([...names].map((name) => [name, createHash(name)]));
  let size = 0;
  // A copy, because a digest can be taken only once.
  const copy = (name: HashName): Hash => running.get(name)?.copy() ?? unknown(name);
  return {
    get size() {
      return size;
    },
    update(chunk) {
      size += chunk.length;
      for (const hash of running.values()) hash.update(chunk);
    },
    hex: (name) => copy(name).digest('hex'),
    withTrailer: (name, trailer) => copy(name).update(trailer).digest(),
  };
}

/** Hashes an open file from where the hashes are to its end. */
export async function hashRest(handle: FileHandle, hashes: Hashes): Promise<void> {
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, hashes.size);
    if (bytesRead === 0) return;
    hashes.update(buffer.subarray(0, bytesRead));
  }
}

function unknown(name: string): never {
  throw new TypeError(`${name} was not asked for in advance`);
}

/** Bytes that this process may still write, and all bytes, of the file system that holds a path. */
export async function diskSpace(path: string): Promise<{ readonly free: number; readonly total: number }> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { free: bavail * bsize, total: blocks * bsize };
}

/**
 * Refuses to begin what will not fit: the files with 5 % for the file system's own needs, and 3 % of the disk must stay
 * free (a full disk stops more than downloads). Throws Failure `unavailable` with both numbers.
 */
export function checkSpace(needed: number, { free, total }: { readonly free: number; readonly total: number }): void {
  const wanted = Math.ceil(needed * 1.05 + total * 0.03);
  if (free >= wanted) return;
  throw new Failure('unavailable', `not enough space in images/: ${wanted} bytes are needed, ${free} are free`, {
    remedy: 'free some space, or keep fewer releases (PILOTLIGHT_KEEP_RELEASES)',
  });
}
