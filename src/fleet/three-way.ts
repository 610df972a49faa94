import type { FileTree } from './catalog-store.ts';

/** What follows for one file; `undefined` where there is none. */
export interface FileChange {
  readonly path: string;
  /** In the fleet. */
  readonly theirs: string | undefined;
  /** On this server's disk. */
  readonly ours: string | undefined;
}

export interface Differences {
  /** Changed in the fleet: to be written here. */
  readonly take: readonly FileChange[];
  /** Changed here: to be committed. */
  readonly give: readonly FileChange[];
  /** Changed in both, and not to the same: the fleet's is written here, ours is kept beside it. */
  readonly clash: readonly FileChange[];
}

/** What to do with each file. `base`: what this server and the fleet agreed on last. */
export function differences(base: FileTree, theirs: FileTree, ours: FileTree): Differences {
  const take: FileChange[] = [];
  const give: FileChange[] = [];
  const clash: FileChange[] = [];
  const restored = emptied(base, theirs, ours);
  for (const path of new Set([...base.keys(), ...theirs.keys(), ...ours.keys()])) {
    const change = { path, theirs: theirs.get(path), ours: ours.get(path) };
    if (change.theirs === change.ours) continue;
    if (change.ours === base.get(path) || restored.has(folderOf(path))) take.push(change);
    else if (change.theirs === base.get(path)) give.push(change);
    // What was removed here and changed there comes back: nothing of ours is lost by it.
    else if (change.ours === undefined) take.push(change);
    else clash.push(change);
  }
  return { take: take.toSorted(inOrder), give: give.toSorted(byPath), clash: clash.toSorted(inOrder) };
}

/**
 * Folders that held several files and hold none now: a disk that is not mounted, a slip of the hand. They are not taken
 * from the whole fleet for that.
 */
function emptied(base: FileTree, theirs: FileTree, ours: FileTree): ReadonlySet<string> {
  const count = new Map<string, number>();
  for (const [path, digest] of base)
    if (theirs.get(path) === digest) count.set(folderOf(path), (count.get(folderOf(path)) ?? 0) + 1);
  for (const path of ours.keys()) count.delete(folderOf(path));
  return new Set([...count].filter(([, files]) => files > 1).map(([folder]) => folder));
}

/** A profile comes after the documents and keys that it names, and what goes, last and the other way round. */
function inOrder(a: FileChange, b: FileChange): number {
  const rank = ({ path, theirs }: FileChange): number => {
    const isProfile = folderOf(path) === 'profiles';
    if (theirs === undefined) return isProfile ? 2 : 3;
    return isProfile ? 1 : 0;
  };
  return rank(a) - rank(b) || byPath(a, b);
}

function byPath(a: FileChange, b: FileChange): number {
  return a.path < b.path ? -1 : 1;
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}
