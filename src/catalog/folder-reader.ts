import { bytesText } from '../model/text.ts';
import { lstat } from 'node:fs/promises';
import { areSame, asFailure, Failure, type FileDiagnostic } from '../model/failure.ts';
import {
  type BrokenEntry,
  type DataRoot,
  identityOf,
  type Listing,
  type ReadFile,
  settledIdentity,
} from '../files/data-root.ts';
import { folderFault } from '../files/folder.ts';
import { isPrivate } from './catalog-file.ts';
import type { Reading, Slot } from './read-document.ts';

/** What is read from one of the catalog's folders. */
export interface FolderKind<T> {
  /** `profiles`. */
  readonly folder: string;
  /** Files without this ending are not looked at. */
  readonly ending: string;
  /** Names that were probably meant to have the ending. */
  readonly nearly?: RegExp;
  readonly maxBytes: number;
  parse(file: string, content: Pick<ReadFile, 'bytes' | 'mtimeMs'>): Reading<T>;
}

interface Entry<T> {
  readonly slot: Slot<T>;
  /** What the file system said when it was read; undefined when that may have been too early to be trusted. */
  readonly identity: string | undefined;
  readonly bytes: Buffer | undefined;
  /** Reached through a link: the folder's watcher does not report edits of the target. */
  readonly linked: boolean;
}

/** One folder as it was read last. */
export interface FolderState<T> {
  /** By name below the folder: `a.json`, `lab/a.json`. */
  readonly entries: ReadonlyMap<string, Entry<T>>;
  /** The folders inside: `profiles/lab`. */
  readonly inside: readonly string[];
  /** Wrong with the folder itself. */
  readonly problems: readonly FileDiagnostic[];
  /** True when something was read anew, appeared or went. */
  readonly changed: boolean;
}

export const EMPTY_FOLDER: FolderState<never> = {
  entries: new Map(),
  inside: [],
  problems: [],
  changed: false,
};

/** When to look at a file that was read before; what is new, broken or was read in a hurry is always looked at. */
export type IsDue = (file: string) => boolean;

// Each file that is being read holds a descriptor.
const AT_ONCE = 16;

/** Looks at a folder again; what the file system calls unchanged is neither read nor parsed. */
export async function readFolder<T>(
  files: DataRoot,
  kind: FolderKind<T>,
  before: FolderState<T>,
  stamp: { readonly change: number; readonly now: () => number; readonly isDue?: IsDue },
): Promise<FolderState<T>> {
  const { isDue = () => true } = stamp;
  const contents = await contentsOf(files, kind);
  if (contents instanceof Failure) {
    // A link that leads nowhere (a disk that is not mounted) is no folder that was taken away.
    const fault = await folderFault(files, kind.folder);
    return withoutFolder(kind, before, fault ?? contents, fault === undefined && contents.code === 'not-found');
  }
  const { names, inside, problems } = contents;
  const entries = new Map<string, Entry<T>>();
  let changed = !areSame(problems, before.problems);
  await inBatches(names, async (name) => {
    keep(name, await look(name, before.entries.get(name)));
  });
  await inBatches(contents.broken, async ({ name, failure }) => {
    keep(name, await broken(name, failure, before.entries.get(name)));
  });
  changed ||= [...before.entries.keys()].some((name) => !entries.has(name));
  return { entries, inside, problems, changed };

  function keep(name: string, entry: Entry<T> | undefined): void {
    if (entry === undefined) return;
    changed ||= entry.slot !== before.entries.get(name)?.slot;
    entries.set(name, entry);
  }

  async function look(name: string, known: Entry<T> | undefined): Promise<Entry<T> | undefined> {
    const file = `${kind.folder}/${name}`;
    if (known?.identity !== undefined) {
      // What a link leads to is watched by none.
      if (!known.linked && !isDue(file)) return known;
      const facts = await files.stat(file).catch(asFailure);
      if (!(facts instanceof Failure) && identityOf(facts) === known.identity) return known;
    }
    const now = stamp.now();
    const content = await files.read(file, kind.maxBytes).catch(asFailure);
    if (content instanceof Failure) {
      // It went between the listing and now.
      return content.code === 'not-found' ? undefined : broken(name, content, known);
    }
    const identity = settledIdentity(content, now);
    const linked = await isLink(files.path(file));
    if (known?.bytes?.equals(content.bytes) === true) return { ...known, identity, linked };
    return { slot: slotOf(file, kind.parse(file, content), known), identity, bytes: content.bytes, linked };
  }

  async function broken(name: string, failure: Failure, known: Entry<T> | undefined): Promise<Entry<T>> {
    const file = `${kind.folder}/${name}`;
    const problem = await problemOf(file, failure);
    const [before] = known?.slot.latest.problems ?? [];
    if (known !== undefined && known.bytes === undefined && before?.message === problem.message) return known;
    return { slot: slotOf(file, { problems: [problem] }, known), identity: undefined, bytes: undefined, linked: false };
  }

  function slotOf(file: string, latest: Reading<T>, known: Entry<T> | undefined): Slot<T> {
    return { file, changed: stamp.change, latest, inForce: known?.slot.inForce };
  }

  async function problemOf(file: string, failure: Failure): Promise<FileDiagnostic> {
    if (failure.code === 'not-found') {
      const remedy = 'remove it or let it point to a file';
      return { severity: 'error', message: 'is a link that leads nowhere', place: { file }, remedy };
    }
    if (failure.code === 'too-large') {
      const message = `is larger than ${bytesText(kind.maxBytes)}`;
      return { severity: 'error', message, place: { file }, remedy: 'split it' };
    }
    if (failure.code === 'refused' && !((await files.list(file).catch(asFailure)) instanceof Failure)) {
      const remedy = `put a file there; a folder in ${kind.folder}/ may not be called so`;
      return { severity: 'error', message: 'is a folder, not a file', place: { file }, remedy };
    }
    return {
      severity: 'error',
      message: failure.message.replace(`${file} `, ''), // the place says it already
      place: { file },
      remedy: failure.remedy ?? REMEDIES[failure.code] ?? 'see the log',
    };
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  refused: 'put a regular file in its place',
  unavailable: 'let the server’s user read it (chmod, chown)',
};

interface Contents {
  readonly names: readonly string[];
  readonly broken: readonly BrokenEntry[];
  readonly inside: readonly string[];
  readonly problems: readonly FileDiagnostic[];
}

/** What there is to be read in the folder, and in the folders that it holds, but no deeper. */
async function contentsOf<T>(files: DataRoot, kind: FolderKind<T>): Promise<Contents | Failure> {
  const top = await files.list(kind.folder).catch(asFailure);
  if (top instanceof Failure) return top;
  const names: string[] = [];
  const broken: BrokenEntry[] = [];
  const inside: string[] = [];
  const problems: FileDiagnostic[] = [];
  sort(top.names);
  for (const entry of top.broken) {
    const { name } = entry;
    if (isPrivate(name)) continue;
    const folder = `${kind.folder}/${name}`;
    const listing = isFolderName(name, kind) && entry.failure.code === 'refused' ? await listed(folder) : undefined;
    if (listing === undefined) {
      if (isWanted(name, kind)) broken.push(entry);
      continue;
    }
    inside.push(folder);
    sort(listing.names.map((inner) => `${name}/${inner}`));
    for (const { name: inner, failure } of listing.broken) {
      if (isPrivate(inner)) continue;
      const path = `${folder}/${inner}`;
      if (failure.code === 'refused' && (await listed(path)) !== undefined) problems.push(tooDeep(path, kind.folder));
      else if (isWanted(inner, kind)) broken.push({ name: `${name}/${inner}`, failure });
    }
  }
  return { names, broken, inside, problems };

  function sort(found: readonly string[]): void {
    for (const name of found) {
      if (isWanted(name, kind)) names.push(name);
      else if (kind.nearly?.test(name) === true && !isPrivate(name)) problems.push(passedOver(name, kind));
    }
  }

  async function listed(folder: string): Promise<Listing | undefined> {
    const listing = await files.list(folder).catch(asFailure);
    return listing instanceof Failure ? undefined : listing;
  }
}

/** `x.json` in profiles/ is meant to be a file. */
function isFolderName(name: string, { ending }: { readonly ending: string }): boolean {
  return ending === '' || !name.endsWith(ending);
}

function passedOver(
  name: string,
  { folder, ending }: { readonly folder: string; readonly ending: string },
): FileDiagnostic {
  const message = `is not read: only names that end in ${ending} are`;
  return {
    severity: 'warning',
    message,
    place: { file: `${folder}/${name}` },
    remedy: `rename it to end in ${ending}`,
  };
}

function tooDeep(file: string, folder: string): FileDiagnostic {
  const message = 'is a folder in a folder: what is in it is not read';
  return { severity: 'warning', message, place: { file }, remedy: `keep files in ${folder}/ or one folder below it` };
}

function isWanted(name: string, kind: { readonly ending: string }): boolean {
  return name.endsWith(kind.ending) && !isPrivate(name);
}

/** A folder that is gone takes its files with it; one that cannot be read now leaves them in force. */
function withoutFolder<T>(
  kind: FolderKind<T>,
  before: FolderState<T>,
  failure: Failure,
  gone: boolean,
): FolderState<T> {
  const place = { file: kind.folder };
  const problem: FileDiagnostic = gone
    ? { severity: 'warning', message: 'there is no such folder', place, remedy: `create ${kind.folder}/` }
    : {
        severity: 'error',
        message: failure.message,
        place,
        remedy: failure.remedy ?? REMEDIES[failure.code] ?? 'see the log',
      };
  const entries = gone ? new Map<string, Entry<T>>() : before.entries;
  const changed = before.problems[0]?.message !== problem.message || entries.size !== before.entries.size;
  return { entries, inside: gone ? [] : before.inside, problems: [problem], changed };
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    // It went meanwhile: the next look finds out.
    return false;
  }
}

export async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
