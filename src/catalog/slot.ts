import type { Problem } from '../model/problem.ts';

/** What reading a file gave. Without `thing` the file as it is on disk cannot come into force. */
export interface Reading<T> {
  readonly thing?: T;
  readonly problems: readonly Problem[];
  /** The machines that a file which cannot be used seems to name: ids as in claim-ids.ts. */
  readonly names?: readonly string[];
}

/** One file, and what is known of it. The unit of "last good version" is the file. */
export interface Slot<T> {
  /** Relative to the data directory. */
  readonly file: string;
  /** Grows with every change of any file: who changed last is to blame for a contradiction. */
  readonly changed: number;
  /** Of the file as it is on disk now. */
  readonly latest: Reading<T>;
  /** The version in force, if any. The catalog sets it after each decision; nobody else does. */
  inForce: T | undefined;
}
