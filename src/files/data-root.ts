import { setTimeout as sleep } from 'node:timers/promises';
import { type BigIntStats, constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { asFailure, Failure, unlessFailed } from '../model/failure.ts';
import { KeyedMutex } from '../model/service.ts';
import { checkRelative, shownPath, systemFailure } from './system-error.ts';

/** A regular file that is open for reading. The one that opened it closes `handle`. */
export interface OpenFile extends FileFacts {
  readonly handle: FileHandle;
}

export interface ReadFile extends FileFacts {
  readonly bytes: Buffer;
}

/** A file that was changed. */
export interface FileEdit {
  readonly file: string;
  /** Undefined: it was not there. */
  readonly before: Buffer | undefined;
  /** Undefined: it is gone. */
  readonly after: Buffer | undefined;
}

/**
 * Everything that is read below the data directory. Paths are relative, with `/`. Links inside the root are
 * followed, links that leave it are not, except for the folders that may be kept elsewhere. Failures: `not-found`, `refused` (leaves the root, not a regular file),
 * `too-large`, `unavailable` (permissions, too many open files); their texts never hold a path of the host.
 */
export interface DataRoot {
  /** The root's real path: for log lines at start and for rooms that watch it. */
  readonly dir: string;
  /** The whole file as it was at one moment, at most `maxBytes` of it: a longer one is `too-large`. */
  read(relative: string, maxBytes: number): Promise<ReadFile>;
  /** The same, or undefined where no such file is: no `catch` is needed for that. Other questions: `unlessFailed`. */
  readIfThere(relative: string, maxBytes: number): Promise<Buffer | undefined>;
  open(relative: string): Promise<OpenFile>;
  /** Of a regular file; never opens it. */
  stat(relative: string): Promise<FileFacts>;
  /** What is in a folder, sorted by name (code units). */
  list(folder: string): Promise<Listing>;
  /** Whether a setting names another place for that folder: it is never made here. */
  isElsewhere(folder: string): boolean;
  /** The host's path, checked by its letters only: for watching, and for the writers of this room. */
  path(relative: string): string;
  /** Changes of a file are made in here, by its relative path: one after the other within this process. */
  readonly edits: KeyedMutex;
  /** Told what editFile has written, in the context of who asked for it. They must not throw. */
  readonly edited: Set<(edit: FileEdit) => void>;
  /** Asked before editFile replaces or removes what a file holds: where one throws, the file stays as it is. */
  readonly beforeEdit: Set<(file: string, bytes: Buffer) => Promise<void>>;
  /** Asked as the last before editFile writes: `again` when another server was faster, and the file may be another now. */
  readonly beforeWrite: Set<(edit: FileEdit) => Promise<'go' | 'again'>>;
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
    edited: new Set(),
    beforeEdit: new Set(),
    beforeWrite: new Set(),
    path,
    real,
    read,
    readIfThere: async (relative, maxBytes) => (await unlessFailed(read(relative, maxBytes), 'not-found'))?.bytes,
    open: openFile,
    stat: statFile,
    list: (folder) =>
      guarded(folder, async () => {
        return listFolder(await readdir(await real(folder), { withFileTypes: true }), folder, statFile);
      }),
  };
}

const ATTEMPTS = 5;
/** An editor that writes in place is done after some milliseconds. */
const MOMENT_MS = 5;

/** An editor may be writing the file: it counts only when it was the same before and after. */
async function readWhole(file: OpenFile, relative: string, maxBytes: number): Promise<ReadFile> {
  let before: FileFacts = file;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const bytes = before.size > maxBytes ? undefined : await readAll(file.handle, before.size, maxBytes);
    if (bytes === undefined) throw new Failure('too-large', `${shownPath(relative)} is over ${maxBytes} bytes`);
    const now = factsOf(await file.handle.stat({ bigint: true }));
    if (hasSameContent(before, now) && bytes.length === now.size) return { ...now, bytes };
    before = now;
    await sleep(MOMENT_MS * 2 ** attempt);
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

/** Reads from the start to the end; undefined when there are more than `maxBytes`. `expected` sizes the first buffer. */
export async function readAll(handle: FileHandle, expected: number, maxBytes: number): Promise<Buffer | undefined> {
  // One byte more than expected: only a read that comes back short proves that the end was reached.
  let buffer = Buffer.allocUnsafe(Math.min(expected, maxBytes) + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > maxBytes) return undefined;
    if (length === buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(buffer.length * 2, maxBytes + 1));
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
  }
}

/** An entry that cannot be read as a file: a folder, a FIFO, a link that leads nowhere or out of the root. */
export interface BrokenEntry {
  readonly name: string;
  readonly failure: Failure;
}

export interface Listing {
  /** Regular files, and links to regular files inside the root. */
  readonly names: readonly string[];
  readonly broken: readonly BrokenEntry[];
}

/** Sorts a folder's entries into what can be read as a file and what cannot. */
export async function listFolder(
  entries: readonly Pick<Dirent, 'name' | 'isFile'>[],
  folder: string,
  stat: (relative: string) => Promise<FileFacts>,
): Promise<Listing> {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const results = await Promise.all(
    // A file that lies in the folder itself is what it seems; a link may lead anywhere.
    sorted.map(async (entry) => {
      const { name } = entry;
      return { name, failure: entry.isFile() ? undefined : await failureOf(folder, name) };
    }),
  );
  return {
    names: results.filter((result) => result.failure === undefined).map((result) => result.name),
    broken: results.flatMap(({ name, failure }) => (failure === undefined ? [] : [{ name, failure }])),
  };

  async function failureOf(parent: string, name: string): Promise<Failure | undefined> {
    return await stat(`${parent}/${name}`).then(() => undefined, asFailure);
  }
}

/** What the file system says of one regular file. Times in nanoseconds are exact, `mtimeMs` is for people and HTTP. */
export interface FileFacts {
  readonly size: number;
  /** Type and permissions, as stat(2) has them. */
  readonly mode: number;
  readonly mtimeMs: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly nlink: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export function factsOf(stats: BigIntStats): FileFacts {
  const { size, mode, mtimeMs, dev, ino, nlink, mtimeNs, ctimeNs } = stats;
  return { size: Number(size), mode: Number(mode), mtimeMs: Number(mtimeMs), dev, ino, nlink, mtimeNs, ctimeNs };
}

/** One text for one content: what was written, replaced or touched since has another. */
export function identityOf(facts: FileFacts): string {
  return [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].map((part) => part.toString(36)).join('-');
}

// A file that was written within the clock tick of its reading looks the same afterwards. Two seconds cover the
// coarsest clocks of file systems (FAT); until then every look reads the bytes again.
const SETTLED_MS = 2_000;

/** The identity of a file that was read at `now`, once it can be trusted: another content has another. */
export function settledIdentity(facts: FileFacts, now: number): string | undefined {
  const latest = Math.max(facts.mtimeMs, Number(facts.ctimeNs / 1_000_000n));
  return now - latest > SETTLED_MS ? identityOf(facts) : undefined;
}

export function isSameFile(a: FileFacts, b: FileFacts): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

/**
 * Whether an open file still holds what it held. Replacing a file by rename, removing it, or linking it elsewhere
 * changes its ctime and its link count but not a byte; a changed ctime with the same count may be a write whose mtime
 * was put back (`cp -p`, `rsync --inplace -t`), so that counts as changed.
 */
export function hasSameContent(before: FileFacts, now: FileFacts): boolean {
  if (!isSameFile(before, now) || before.size !== now.size || before.mtimeNs !== now.mtimeNs) return false;
  return before.ctimeNs === now.ctimeNs || before.nlink !== now.nlink;
}
