import { Failure } from '../model/failure.ts';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';

const FILE = 'state/booted.json';
const DAY = 86_400_000;
const LATELY = 7 * DAY;
const MOST = 1000;

/** When a node last booted from each shelf, in milliseconds since 1970. */
export type BootTimes = Readonly<Record<string, number>>;

/** Shelves that nodes booted from in the last seven days. A time in the future (a clock that was set back) counts. */
export function bootedLately(times: BootTimes, now: number): ReadonlySet<string> {
  return new Set(Object.entries(times).flatMap(([shelf, at]) => (now - at < LATELY ? [shelf] : [])));
}

/** Nothing for a file that is missing or broken: it is written anew with the next boot. */
export async function readBootTimes(root: DataRoot): Promise<BootTimes> {
  try {
    const value: unknown = JSON.parse((await root.read(FILE, 1024 * 1024)).bytes.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return Object.fromEntries(Object.entries(value).filter(([, at]) => typeof at === 'number'));
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Failure && error.code === 'not-found')) return {};
    throw error;
  }
}

/** Notes which shelves nodes boot from: what a node got as its kernel must still be there for its initramfs. */
export interface BootRecord {
  /** Cheap: called for every boot. */
  booted(shelf: string): void;
  /** Writes what is new since the last time; a crash in between forgets that. */
  save(): Promise<void>;
}

export function createBootRecord(root: DataRoot, now: () => number): BootRecord {
  const fresh = new Map<string, number>();
  return {
    booted(shelf) {
      fresh.set(shelf, now());
    },
    async save() {
      if (fresh.size === 0) return;
      const seen = [...fresh];
      const times = Object.entries({ ...(await readBootTimes(root)), ...Object.fromEntries(seen) });
      const newest = times.sort(([, a], [, b]) => b - a).slice(0, MOST);
      await makeFolder(root, 'state');
      await replaceFile(root, FILE, `${JSON.stringify(Object.fromEntries(newest), undefined, 2)}\n`);
      for (const [shelf, at] of seen) if (fresh.get(shelf) === at) fresh.delete(shelf);
    },
  };
}
