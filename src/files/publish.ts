import { randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure, unlessFailed } from '../model/failure.ts';
import { KeyedMutex } from '../model/service.ts';
import type { DataRoot } from './data-root.ts';
import { errnoOf, shownPath, systemFailure } from './system-error.ts';

const ATTEMPTS = 3;

export interface Placing {
  readonly mode: number;
  /** Whether a file that is there already gives way. */
  readonly replace: boolean;
  /** Done to the file before it gets its content and its name. */
  readonly prepare?: (handle: FileHandle) => Promise<void>;
  /** Asked when everything is written, just before it gets its name: false leaves what is there alone. */
  readonly confirm?: () => Promise<boolean>;
}

/**
 * Gives a finished file its name in one step, with its bytes on the disk first. Without `replace` the first writer wins:
 * link(2) fails where rename(2) would replace without a word. Throws what the system says.
 */
export async function placeFile(
  target: string,
  content: string | Uint8Array,
  placing: Placing,
): Promise<'placed' | 'exists'> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await place(target, content, placing);
    } catch (error) {
      // A server that starts removes the drafts that dead processes left: one that lives and lost its own writes it again.
      const isGone = errnoOf(error) === 'ENOENT' && error instanceof Error && 'dest' in error;
      if (!isGone || attempt === ATTEMPTS) throw error;
    }
  }
}

async function place(
  target: string,
  content: string | Uint8Array,
  { mode, replace, prepare, confirm }: Placing,
): Promise<'placed' | 'exists'> {
  const draft = draftOf(target);
  let renamed = false;
  try {
    await writeDraft(draft, content, mode, prepare);
    if ((await confirm?.()) === false) return 'exists';
    if (replace) {
      await rename(draft, target);
      renamed = true;
    } else if (!(await linkNew(draft, target))) return 'exists';
  } finally {
    // After a rename there is nothing to remove, and to find that out takes three calls.
    if (!renamed) await rm(draft, { force: true });
  }
  await syncFolder(dirname(target));
  return 'placed';
}

// Same folder, so that the rename stays within a file system; hidden and not ending in .json or .yml, so that a program
// that lists the folder never takes a draft for the file.
export function draftOf(target: string): string {
  return join(dirname(target), `.${basename(target).slice(0, 200)}.${randomBytes(6).toString('hex')}.draft`);
}

export async function writeDraft(
  draft: string,
  content: string | Uint8Array,
  mode: number,
  prepare?: Placing['prepare'],
): Promise<void> {
  const handle = await open(draft, 'wx', mode);
  try {
    await prepare?.(handle);
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** False when something has the name. */
export async function linkNew(draft: string, target: string): Promise<boolean> {
  try {
    await link(draft, target);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') return false;
    // FAT and some network file systems have no hard links: there a look and a rename have to do.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    if (await exists(target)) return false;
    await rename(draft, target);
    return true;
  }
}

/**
 * Moves a finished folder to its place in one step, with everything in it on the disk first: what is published is
 * never incomplete, also after a power cut. `draft` and `target` are below the root, on one file system. Throws
 * `conflict` when something is at `target` already: what is published is never overwritten.
 */
export async function publishFolder(root: DataRoot, draft: string, target: string): Promise<void> {
  try {
    const from = await root.real(draft);
    await syncTree(from);
    const parent = await makeFolder(root, dirname(target));
    const to = join(parent, basename(root.path(target)));
    // rename(2) would replace an empty folder without a word.
    if (await exists(to)) throw taken(target);
    await rename(from, to);
    await syncFolder(parent);
    await syncFolder(dirname(from));
  } catch (error) {
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') throw taken(target);
    throw systemFailure(error, target);
  }
}

/** Makes a folder below the root with those above it, and makes them last. Gives its real path. */
export async function makeFolder(root: DataRoot, relative: string): Promise<string> {
  if (relative === '.') return root.dir;
  // All of it before any of it: a refused path leaves no folder behind.
  root.path(relative);
  const there = await unlessFailed(root.real(relative), 'not-found');
  if (there !== undefined) return there;
  const parts = relative.split('/');
  let made = root.dir;
  for (const depth of parts.keys()) {
    made = await makeLevel(root, made, parts.slice(0, depth + 1).join('/'));
  }
  return made;
}

async function makeLevel(root: DataRoot, parent: string, relative: string): Promise<string> {
  const path = relative.includes('/') ? join(parent, basename(relative)) : root.path(relative);
  try {
    if (!(await exists(path))) {
      // An unmounted disk must not be filled in on the one below it.
      if (root.isElsewhere(relative)) {
        const remedy = 'mount or create the folder that PILOTLIGHT_IMAGES_DIR names';
        throw new Failure('not-found', `${relative}/ does not exist`, { remedy });
      }
      await mkdir(path);
      await syncFolder(parent);
    }
  } catch (error) {
    // Another process made it meanwhile: just as well.
    if (errnoOf(error) !== 'EEXIST') throw systemFailure(error, relative);
  }
  return root.real(relative);
}

const syncs = new KeyedMutex();
/** By folder: the sync that has not begun yet. */
const nextSyncs = new Map<string, Promise<void>>();

/**
 * Makes names in a folder (new files, renames) survive a power cut. All that ask while a sync is under way share the next
 * one: a rack that is installed writes hundreds of marks at once.
 */
export function syncFolder(path: string): Promise<void> {
  const waiting = nextSyncs.get(path);
  if (waiting !== undefined) return waiting;
  const next = syncs.run(path, async () => {
    // Not before it is in the map.
    await Promise.resolve();
    nextSyncs.delete(path);
    await syncNow(path);
  });
  nextSyncs.set(path, next);
  return next;
}

async function syncNow(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network and FUSE file systems cannot sync a folder: then there is nothing more to be done.
    if (errnoOf(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncFolder(folder);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Also a link that leads nowhere. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function taken(target: string): Failure {
  return new Failure('conflict', `${shownPath(target)} exists already`);
}

/**
 * Removes a file so that it stays removed, also after a power cut. Of a link only the link goes. Nothing there is as
 * good as removed; a folder is left alone (`unavailable`). Throws Failure as DataRoot does.
 */
export async function removeFile(root: DataRoot, relative: string): Promise<void> {
  const name = basename(root.path(relative));
  try {
    const folder = dirname(relative) === '.' ? root.dir : await root.real(dirname(relative));
    await lstat(join(folder, name));
    await rm(join(folder, name));
    await syncFolder(folder);
  } catch (error) {
    const failure = systemFailure(error, relative);
    if (failure.code !== 'not-found') throw failure;
  }
}

interface WriteOut {
  /** Replace what is there. */
  readonly force: boolean;
  /** Permissions of the file. */
  readonly mode: number;
}

/**
 * Writes a file where a person said, anywhere on the host: whole or not at all. Never for paths that a request or a
 * profile names. Throws `conflict` when something is there already and `force` is off.
 */
export async function writeOut(path: string, content: string | Uint8Array, { force, mode }: WriteOut): Promise<void> {
  let matched: 'placed' | 'exists';
  try {
    matched = await placeFile(path, content, { mode, replace: force });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      throw new Failure('not-found', `${path} cannot be written: its folder does not exist`, { cause: error });
    }
    if (errnoOf(error) === 'EISDIR') throw new Failure('conflict', `${path} is a folder`, { cause: error });
    throw systemFailure(error, path);
  }
  if (matched === 'exists') {
    throw new Failure('conflict', `${path} exists already`, { remedy: 'choose another name, or add --force' });
  }
}
