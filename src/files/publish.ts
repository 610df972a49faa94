import { lstat, mkdir, open, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../model/failure.ts';
import { type DataRoot } from './data-root.ts';
import { shownPath } from './relative-path.ts';
import { syncFolder } from './sync-folder.ts';
import { errnoOf, systemFailure } from './system-error.ts';

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
    // Somebody else made it meanwhile: just as well.
    if (errnoOf(error) !== 'EEXIST') throw systemFailure(error, relative);
  }
  return root.real(relative);
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

async function exists(path: string): Promise<boolean> {
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
