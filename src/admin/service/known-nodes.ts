import type { Catalog, Snapshot } from '../../catalog/snapshot.ts';
import type { Journal, KnownNode } from '../../journal/journal.ts';
import { show } from '../../http/request.ts';
import { Failure } from '../../model/failure.ts';
import { machineKey, type MachineKey, nodeFacts, omitUndefined, parseKey } from '../../model/machine.ts';
import type { Service } from '../../model/service.ts';

/** Every machine that a profile in force names, for the journal. */
export function nodesOf({ profiles }: Pick<Snapshot, 'profiles'>): KnownNode[] {
  return [...profiles.values()].flatMap((profile) =>
    profile.nodes.flatMap((node) => {
      const key = machineKey(nodeFacts(node));
      if (key === undefined) return [];
      const { name, ip: address, tags } = node;
      return [omitUndefined({ key, name, profile: profile.name, version: profile.version, address, tags })];
    }),
  );
}

/** The key of the machine that an operator names. Throws Failure `invalid`. */
export function machineKeyFrom(text: string): MachineKey {
  const key = parseKey(text);
  if (key !== undefined) return key;
  throw new Failure('invalid', `"${show(text)}" names no machine`, {
    remedy: 'give its MAC (52:54:00:12:34:56), uuid:... or serial:...',
  });
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
