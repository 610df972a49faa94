import { parseLabel, type MachineFacts } from '../model/facts.ts';
import { parseMac } from '../model/mac.ts';
import type { Profile } from '../model/profile.ts';
import { parseUuid } from '../model/uuid.ts';
import type { Match } from '../catalog/snapshot.ts';

/**
 * A machine that stands for all machines of a profile when its kernel line is measured: MACs and UUIDs have one length,
 * so one line tells the length of all. A profile whose nodes are matched by something else than the MAC gets the longest.
 */
export function typicalMachine(profile: Profile): { readonly match: Match; readonly facts: MachineFacts } {
  const mac = parseMac('525400000000');
  const uuid = parseUuid('11111111-1111-1111-1111-111111111111');
  const node = profile.nodes.find((candidate) => candidate.mac === undefined) ?? profile.nodes[0];
  const serial = node?.serial === undefined ? undefined : parseLabel(node.serial);
  const by =
    node === undefined ? 'default' : node.mac !== undefined ? 'mac' : node.uuid !== undefined ? 'uuid' : 'serial';
  return {
    match: { profile, by, ...(node === undefined ? {} : { node }) },
    facts: {
      ...(mac === undefined ? {} : { mac }),
      ...(uuid === undefined ? {} : { uuid }),
      ...(serial === undefined ? {} : { serial }),
    },
  };
}
