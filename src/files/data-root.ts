import { constants } from 'node:fs';
import { open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Failure } from '../model/failure.ts';
import { KeyedMutex } from '../model/keyed-mutex.ts';
import { factsOf, hasSameContent, isSameFile, type FileFacts } from './file-facts.ts';
import { listFolder, type Listing } from './list-folder.ts';
import { readAll } from './read-all.ts';
import { checkRelative, shownPath } from './relative-path.ts';
import { systemFailure } from './system-error.ts';

/** A regular file that is open for reading. Whoever opened it closes `handle`. */
export interface OpenFile extends FileFacts {
  readonly handle: FileHandle;
}

export interface ReadFile extends FileFacts {
  readonly bytes: Buffer;
}

/**
 * Everything that the house reads below the data directory. Paths are relative, with `/`. Links inside the root are
 * followed, links that leave it are not, except for the folders that may be kept elsewhere. Failures: `not-found`, `refused` (leaves the root, not a regular file),
 * `too-large`, `unavailable` (permissions, too many open files); their texts never hold a path of the host.
 */
export interface DataRoot {
  /** The root's real path: for log lines at start and for rooms that watch it. */
  readonly dir: string;
  /** The whole file as it was at one moment, at most `maxBytes` of it: a longer one is `too-large`. */
  read(relative: string, maxBytes: number): Promise<ReadFile>;
  open(relative: string): Promise<OpenFile>;
  /** Of a regular file; never opens it. */
  stat(relative: string): Promise<FileFacts>;
  /** What is in a folder, sorted by name (code units). */
  list(folder: string): Promise<Listing>;
  /** Whether a setting names another place for that folder: it is never made here. */
  isElsewhere(folder: string): boolean;
  /** The host's path, checked by its letters only: for watching, and for the writers of this room. */
  path(relative: string): string;
  /** Who changes a file does so in here, by its relative path: one after the other within this process. */
  readonly edits: KeyedMutex;
  /** The host's real path of what exists there; `refused` when a link leads out of the root. */
  real(relative: string): Promise<string>;
}

/**
 * The folders that an operator may keep elsewhere, as a link: profiles/ in a checkout, images/ on a large disk. They are
 * part of the root then; a link further down must still lead to a place inside.
 */
const LINKED = new Set(['profiles', 'configs', 'sshkeys', 'images']);

/** The root itself may be a link: it is resolved once, here. `images`: where images/ is instead, a host's path. */
export async function openDataRoot(dir: string, images?: string): Promise<DataRoot> {
  const root = await realpath(dir).catch((error: unknown) => {
    throw new Failure('not-found', 'the data directory does not exist or may not be entered', { cause: error });
  });
  if (!(await stat(root)).isDirectory()) throw new Failure('invalid', 'the data directory is not a directory');
  return rootAt(root, images);
}

function rootAt(root: string, images: string | undefined): DataRoot {
  // With the separator: /data must not admit /data-secret.
  const prefix = root.endsWith(sep) ? root : root + sep;

  function path(relative: string): string {
    checkRelative(relative);
    if (images !== undefined && (relative === 'images' || relative.startsWith('images/')))
      return join(images, relative.slice('images'.length));
    return join(root, relative);
  }

  async function real(relative: string): Promise<string> {
    const target = await guarded(relative, () => realpath(path(relative)));
    if (target.startsWith(prefix)) return target;
    const [top = ''] = relative.split('/', 1);
    if (LINKED.has(top)) {
      const base = relative === top ? target : await guarded(top, () => realpath(path(top)));
      if (target === base || target.startsWith(base + sep)) return target;
    }
    throw new Failure('refused', `${shownPath(relative)} is a link that leaves the data directory`);
  }

  async function statFile(relative: string): Promise<FileFacts> {
    const target = await real(relative);
    const stats = await guarded(relative, () => stat(target, { bigint: true }));
    if (!stats.isFile()) throw notRegular(relative);
    return factsOf(stats);
  }

  async function openFile(relative: string): Promise<OpenFile> {
    for (let attempt = 1; ; attempt += 1) {
      const file = await openOnce(relative);
      if (file !== undefined) return file;
      if (attempt === ATTEMPTS) throw new Failure('unavailable', changing(relative));
    }
  }

  /** Undefined when another file has its name by now: an editor has saved it. */
  async function openOnce(relative: string): Promise<OpenFile | undefined> {
    // Before opening: to open a device can have effects (a tape rewinds, a watchdog starts). This look may be outdated
    // when the file is opened; the checks that count come after.
    await statFile(relative);
    // O_NONBLOCK: opening a FIFO without a writer would block a thread of the pool for ever.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    const handle = await guarded(relative, () => open(path(relative), flags));
    let isKept = false;
    try {
      const stats = await guarded(relative, () => handle.stat({ bigint: true }));
      if (!stats.isFile()) throw notRegular(relative);
      const facts = factsOf(stats);
      // What was opened must be what lies inside the root: a link that was swapped in between shows as another inode.
      isKept = isSameFile(await statFile(relative), facts);
      return isKept ? { handle, ...facts } : undefined;
    } finally {
      if (!isKept) await handle.close();
    }
  }

  async function read(relative: string, maxBytes: number): Promise<ReadFile> {
    const file = await openFile(relative);
    try {
      return await guarded(relative, () => readWhole(file, relative, maxBytes));
    } finally {
      await file.handle.close();
    }
  }

  return {
    dir: root,
    isElsewhere: (folder) => folder === 'images' && images !== undefined,
    edits: new KeyedMutex(),
    path,
    real,
    read,
    open: openFile,
    stat: statFile,
    list: (folder) => guarded(folder, async () => listFolder(await readdir(await real(folder)), folder, statFile)),
  };
}

const ATTEMPTS = 3;

/** An editor may be writing the file: it counts only when it was the same before and after. */
async function readWhole(file: OpenFile, relative: string, maxBytes: number): Promise<ReadFile> {
  let before: FileFacts = file;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const bytes = before.size > maxBytes ? undefined : await readAll(file.handle, before.size, maxBytes);
    if (bytes === undefined) throw new Failure('too-large', `${shownPath(relative)} is over ${maxBytes} bytes`);
    const now = factsOf(await file.handle.stat({ bigint: true }));
    if (hasSameContent(before, now) && bytes.length === now.size) return { ...now, bytes };
    before = now;
  }
  throw new Failure('unavailable', changing(relative));
}

async function guarded<T>(relative: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw systemFailure(error, relative);
  }
}

function notRegular(relative: string): Failure {
  return new Failure('refused', `${shownPath(relative)} is not a regular file`);
}

function changing(relative: string): string {
  return `${shownPath(relative)} was being changed while it was read`;
}
