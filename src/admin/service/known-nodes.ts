import type { Catalog, Snapshot } from '../../catalog/snapshot.ts';
import type { Journal, KnownNode } from '../../journal/journal.ts';
import { machineKey, nodeFacts } from '../../model/machine.ts';
import type { Service } from '../../model/service.ts';

/** Every machine that a profile in force names, for the journal. */
export function nodesOf({ profiles }: Pick<Snapshot, 'profiles'>): KnownNode[] {
  return [...profiles.values()].flatMap((profile) =>
    profile.nodes.flatMap((node) => {
      const key = machineKey(nodeFacts(node));
      if (key === undefined) return [];
      const address = node.ip === undefined ? {} : { address: node.ip };
      return [{ key, name: node.name, profile: profile.name, version: profile.version, ...address }];
    }),
  );
}

/** Lets the journal know the machines that profiles name, so that it shows them before they were ever seen. */
export function watchNodes(catalog: Catalog, journal: Pick<Journal, 'know'>): Service {
  let end: (() => void) | undefined;
  return {
    name: 'nodes',
    start() {
      end = catalog.onChange((snapshot) => {
        journal.know(nodesOf(snapshot));
      });
      journal.know(nodesOf(catalog.current()));
      return Promise.resolve();
    },
    stop() {
      end?.();
      return Promise.resolve();
    },
  };
}
