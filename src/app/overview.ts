import type { Snapshot } from '../catalog/snapshot.ts';
import type { Overview } from '../doors/http/start-page.ts';
import { systemOf } from '../systems/systems.ts';

/** What the start page shows of the catalog. */
export function overviewOf(snapshot: Snapshot, version: string): Overview {
  return {
    version,
    profiles: [...snapshot.profiles.values()].map((profile) => ({
      name: profile.name,
      system: systemOf(profile.system).title,
      version: profile.version,
      nodes: profile.nodes.length,
      default: profile.default,
    })),
    problems: snapshot.problems,
  };
}
