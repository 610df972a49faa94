import type { Catalog, Snapshot } from '../../catalog/snapshot.ts';
import type { Journal, KnownNode } from '../../journal/journal.ts';
import { parseSentMac } from '../../model/mac.ts';
import { type MachineFacts, machineKey, type MachineKey, parseLabel } from '../../model/machine.ts';
import type { Node } from '../../model/profile.ts';
import type { Service } from '../../model/service.ts';
import { parseUuid } from '../../model/uuid.ts';
import type { MachineRow } from '../../model/views.ts';
import { omitUndefined } from '../../model/omit-undefined.ts';

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

/** What a machine would say of itself that is this node. */
export function nodeFacts({ mac, uuid, serial }: Pick<Node, 'mac' | 'serial' | 'uuid'>): MachineFacts {
  return factsFrom({ mac, uuid, serial });
}

/** What is known of a machine, as it would say it. */
export function rowFacts(row: Pick<MachineRow, 'hostname' | 'mac' | 'manufacturer' | 'product' | 'serial' | 'uuid'>) {
  return factsFrom(row);
}

/** A machine of which only the key is known. */
export function keyFacts(key: MachineKey): MachineFacts {
  if (key.startsWith('uuid:')) return factsFrom({ uuid: key.slice('uuid:'.length) });
  if (key.startsWith('serial:')) return factsFrom({ serial: key.slice('serial:'.length) });
  return factsFrom({ mac: key });
}

/** A key in any spelling; undefined for what names no machine. */
export function parseKey(text: string): MachineKey | undefined {
  const facts = keyFacts(text);
  return machineKey(facts);
}

type Said = Partial<Record<'hostname' | 'mac' | 'manufacturer' | 'product' | 'serial' | 'uuid', string | undefined>>;

function factsFrom(said: Said): MachineFacts {
  const mac = parseSentMac(said.mac ?? '');
  const uuid = parseUuid(said.uuid ?? '');
  const labels = (['serial', 'hostname', 'manufacturer', 'product'] as const).flatMap((name) => {
    const label = parseLabel(said[name] ?? '');
    return label === undefined ? [] : [[name, label] as const];
  });
  return omitUndefined({
    mac,
    uuid,
    ...(Object.fromEntries(labels) as Pick<MachineFacts, 'hostname' | 'manufacturer' | 'product' | 'serial'>),
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
