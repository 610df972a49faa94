import { isDeepStrictEqual } from 'node:util';
import { catalogFileAt } from '../../catalog/catalog-file.ts';
import { isNamedBy, namedDocuments, type Snapshot } from '../../catalog/snapshot.ts';
import type { Preview, TouchedMachine } from '../../model/file-views.ts';
import { machineKey, nodeFacts } from '../../model/machine.ts';
import type { Node, Profile } from '../../model/profile.ts';

const MOST = 200;

/**
 * For which machines a change of a file changes what they boot, or may: nodes by name, and whether those are among them
 * that no profile names. What a text cannot come into force with touches none.
 */
export function touchedBy(
  file: string,
  before: Snapshot,
  after: Snapshot,
): Pick<Preview, 'machines' | 'touched' | 'unlisted'> {
  const machines: TouchedMachine[] = [];
  let unlisted = false;
  const own = catalogFileAt(file);
  const names = new Set([before, after].flatMap((snapshot) => profilesWith(file, snapshot)));
  for (const name of names) {
    const [old, now] = [before.profiles.get(name), after.profiles.get(name)];
    // A document or a key may show in anything that the profile boots.
    const isChanged = own?.folder !== 'profiles' || !isDeepStrictEqual(beside(old), beside(now));
    if (isChanged && (old?.default === true || now?.default === true)) unlisted = true;
    const [left, stay] = [byKey(old), byKey(now)];
    for (const key of new Set([...left.keys(), ...stay.keys()])) {
      const [was, is] = [left.get(key), stay.get(key)];
      if (!isChanged && isDeepStrictEqual(was, is)) continue;
      machines.push(touched(was, is));
    }
  }
  return { machines: machines.slice(0, MOST), touched: machines.length, unlisted };

  function touched(was: Node | undefined, is: Node | undefined): TouchedMachine {
    const facts = nodeFacts(is ?? (was as Node));
    const [from, to] = [before.match(facts)?.profile.name, after.match(facts)?.profile.name];
    return { name: (is ?? was)?.name ?? '', key: machineKey(facts), from, to };
  }
}

/** The profiles that name a file: a document, or a key; of a profile itself, that profile. */
export function profilesWith(file: string, snapshot: Snapshot): readonly string[] {
  const own = catalogFileAt(file);
  if (own === undefined) return [];
  const { folder, name } = own;
  const { documents, keys, profiles } = snapshot;
  if (folder === 'profiles') return profiles.has(name) ? [name] : [];
  const names = (isIt: (profile: Profile) => boolean): readonly string[] =>
    [...profiles.values()].filter(isIt).map((profile) => profile.name);
  if (folder === 'sshkeys') {
    if (!keys.has(name)) return [];
    const listsAll = (profile: Profile): boolean =>
      namedDocuments(profile, documents).some(
        ({ document: { template, bytes } }) => template && bytes.includes('ssh_keys'),
      );
    return names((profile) => profile.sshkey === name || listsAll(profile));
  }
  const document = documents.get(name);
  return document === undefined ? [] : names((profile) => isNamedBy(profile, document, documents));
}

/** A profile without its machines. */
function beside(profile: Profile | undefined): unknown {
  return profile && { ...profile.raw, nodes: [] };
}

function byKey(profile: Profile | undefined): ReadonlyMap<string, Node> {
  return new Map(profile?.nodes.map((node) => [machineKey(nodeFacts(node)) ?? node.name, node]));
}
