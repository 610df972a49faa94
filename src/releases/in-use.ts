import type { Snapshot } from '../catalog/snapshot.ts';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { builds, initrdPath, type Profile } from '../model/profile.ts';
import { SYSTEMS } from '../os/systems.ts';

/** The folders below images/ that a profile boots from. Pure. */
export function shelvesOf(profile: Profile): readonly string[] {
  if (profile.system === 'custom') return [...customShelves(profile)];
  if (profile.version === '') return [];
  return builds(profile).flatMap((build) => SYSTEMS[profile.system].shelf(build) ?? []);
}

function customShelves(profile: Profile): ReadonlySet<string> {
  const paths = [profile.kernel ?? '', ...profile.initrd.map(initrdPath)].filter(
    (path) => !path.includes('://') && path.includes('/'),
  );
  const folders = paths.map((path) => path.slice(0, path.lastIndexOf('/')));
  const version = profile.release?.['version'];
  return new Set([...folders, ...(typeof version === 'string' ? [`custom/${profile.name}/${version}`] : [])]);
}

/** Which profiles name a folder below images/. */
export function namedShelves(
  snapshot: Pick<Snapshot, 'profiles' | 'rollouts'>,
): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, readonly string[]>();
  for (const profile of snapshot.profiles.values())
    for (const shelf of shelvesOf(profile)) named.set(shelf, [...(named.get(shelf) ?? []), profile.name]);
  for (const { profile } of snapshot.rollouts.values())
    for (const shelf of shelvesOf(profile))
      named.set(shelf, [...(named.get(shelf) ?? []), `${profile.name} (rollout)`]);
  return named;
}

/** A file in profiles/ that cannot be read may name any release: then nothing is taken away. */
export function unreadableProfile(snapshot: Pick<Snapshot, 'problems'>): string | undefined {
  return snapshot.problems.find(({ severity, place }) => severity === 'error' && place.file.startsWith('profiles/'))
    ?.place.file;
}

const FILE = 'state/booted.json';
const LATELY_MS = 7 * 86_400_000;
/** How many folders are remembered. */
const MOST = 1000;

/** Notes which folders nodes boot from: what a node got as its kernel must still be there for its initramfs. */
interface BootRecord {
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

/** Folders that nodes booted from in the last seven days. A time in the future (a clock that was set back) counts. */
export async function bootedLately(root: DataRoot, now: number): Promise<ReadonlySet<string>> {
  const times = Object.entries(await readBootTimes(root));
  return new Set(times.flatMap(([shelf, at]) => (now - at < LATELY_MS ? [shelf] : [])));
}

/** By folder, in milliseconds since 1970. A file that is missing or broken is written anew with the next boot. */
async function readBootTimes(root: DataRoot): Promise<Readonly<Record<string, number>>> {
  const bytes = await root.readIfThere(FILE, 1024 * 1024);
  let value: unknown;
  try {
    value = JSON.parse(bytes?.toString('utf8') ?? '{}');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([, at]) => typeof at === 'number'));
}
