import type { MachineFacts } from '../model/facts.ts';
import type { Origin } from '../model/origin.ts';
import type { Artifact, Plan } from '../model/plan.ts';
import type { Match, Snapshot } from '../catalog/snapshot.ts';
import type { Shelf } from '../images/store.ts';
import { systemOf } from '../os/systems.ts';
import { documentLinks, installLinks } from './links.ts';

/** What a machine boots: its profile's system, told about this machine. Throws Failure `broken` as the system does. */
export function machinePlan(
  match: Match,
  facts: MachineFacts,
  origin: Origin,
  around: Pick<Snapshot, 'documents' | 'keys'>,
): Plan {
  const { profile, node } = match;
  const install = profile.install === undefined ? undefined : installLinks(match, facts, origin);
  const key = profile.sshkey === undefined ? undefined : around.keys.get(profile.sshkey);
  return systemOf(profile.system).plan({
    profile,
    origin,
    facts,
    documents: documentLinks(match, facts, origin, around.documents),
    ...(node === undefined ? {} : { node }),
    ...(install === undefined ? {} : { install }),
    ...(key === undefined ? {} : { sshKey: key.text }),
  });
}

/** The files below images/ that a plan names. */
export function shelfPaths(plan: Plan): readonly string[] {
  return [...bootFiles(plan), ...pathsOf(plan.extras)];
}

/** Those that the boot loader fetches, in order. */
export function bootFiles(plan: Plan): readonly string[] {
  return pathsOf([plan.kernel, ...plan.initrds]);
}

function pathsOf(artifacts: readonly Artifact[]): readonly string[] {
  return artifacts.flatMap((artifact) => (artifact.kind === 'shelf' ? [artifact.path] : []));
}

/** Those of them that are not there. */
export async function missingFiles(plan: Plan, shelf: Pick<Shelf, 'has'>): Promise<readonly string[]> {
  const paths = shelfPaths(plan);
  const there = await Promise.all(paths.map((path) => shelf.has(path)));
  return paths.filter((_, i) => there[i] !== true);
}
