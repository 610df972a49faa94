import type { Snapshot } from '../catalog/snapshot.ts';
import { initrdPath, type Profile } from '../model/profile.ts';
import { systemOf } from '../os/systems.ts';

/** The folders below images/ that a profile boots from. Pure. */
export function shelvesOf(profile: Profile): readonly string[] {
  if (profile.system === 'custom') return [...customShelves(profile)];
  if (profile.version === '') return [];
  const shelf = systemOf(profile.system).shelf(profile);
  return shelf === undefined ? [] : [shelf];
}

function customShelves(profile: Profile): ReadonlySet<string> {
  const paths = [profile.kernel ?? '', ...profile.initrd.map(initrdPath)].filter(
    (path) => !path.includes('://') && path.includes('/'),
  );
  const folders = paths.map((path) => path.slice(0, path.lastIndexOf('/')));
  const version = profile.release?.['version'];
  return new Set([...folders, ...(typeof version === 'string' ? [`custom/${profile.name}/${version}`] : [])]);
}

/** Which profiles name a shelf. */
export function namedShelves(snapshot: Pick<Snapshot, 'profiles'>): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, readonly string[]>();
  for (const profile of snapshot.profiles.values())
    for (const shelf of shelvesOf(profile)) named.set(shelf, [...(named.get(shelf) ?? []), profile.name]);
  return named;
}

/** A file in profiles/ that cannot be read may name any release: then nothing is taken away. */
export function unreadableProfile(snapshot: Pick<Snapshot, 'problems'>): string | undefined {
  return snapshot.problems.find(({ severity, place }) => severity === 'error' && place.file.startsWith('profiles/'))
    ?.place.file;
}
