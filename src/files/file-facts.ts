import { type BigIntStats } from 'node:fs';

/** What the file system says of one regular file. Times in nanoseconds are exact, `mtimeMs` is for people and HTTP. */
export interface FileFacts {
  readonly size: number;
  readonly mtimeMs: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly nlink: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export function factsOf(stats: BigIntStats): FileFacts {
  const { size, mtimeMs, dev, ino, nlink, mtimeNs, ctimeNs } = stats;
  return { size: Number(size), mtimeMs: Number(mtimeMs), dev, ino, nlink, mtimeNs, ctimeNs };
}

/** One text for one content: what was written, replaced or touched since has another. */
export function identityOf(facts: FileFacts): string {
  return [facts.dev, facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].map((part) => part.toString(36)).join('-');
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
