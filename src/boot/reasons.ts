import type { Decision } from '../model/plan.ts';
import { macHyphens } from '../model/mac.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { Match } from '../catalog/snapshot.ts';
import { omitUndefined } from '../model/omit-undefined.ts';

/** `mac 52:54:.. is node a-coreos of profiles/a.json`: which file decided, and by what. */
export function because(match: Match, facts: MachineFacts): string {
  const { profile, node } = match;
  if (match.by === 'choice') return `no profile names ${whoIs(facts)}; ${profile.file} was chosen at its screen`;
  if (match.by === 'default' || node === undefined) {
    return `no profile names ${whoIs(facts)}; ${profile.file} is the default`;
  }
  const identity = match.by === 'mac' ? facts.mac : match.by === 'uuid' ? facts.uuid : facts.serial;
  return `${match.by} ${identity ?? ''} is node ${node.name} of ${profile.file}`;
}

/** The machine in as few words as it can be told apart by. */
export function whoIs(facts: MachineFacts): string {
  if (facts.mac !== undefined) return `mac ${facts.mac}`;
  if (facts.uuid !== undefined) return `uuid ${facts.uuid}`;
  if (facts.serial !== undefined) return `serial ${facts.serial}`;
  return 'a machine that says neither mac, uuid nor serial';
}

/** True when there is anything by which a machine could be matched. */
export function hasIdentity(facts: MachineFacts): boolean {
  return facts.mac !== undefined || facts.uuid !== undefined || facts.serial !== undefined;
}

export function decisionOf(match: Match, facts: MachineFacts, outcome: Decision['outcome']): Decision {
  const { profile, node } = match;
  return {
    outcome,
    profile: profile.name,
    ...(node === undefined ? {} : { node: node.name }),
    ...(profile.version === '' ? {} : { version: profile.version }),
    because: because(match, facts),
  };
}

/**
 * The query by which a later request of the same machine finds the same profile again: the MAC, because people read it,
 * and whatever else decided (see match-for for the profile that was chosen at a screen). Empty for a machine without any
 * identity.
 */
export function identityQuery(facts: MachineFacts, match: Match): string {
  const { mac, uuid, serial } = askedFacts(facts, match);
  const parts: string[] = [];
  if (mac !== undefined) parts.push(`mac=${macHyphens(mac)}`);
  if (uuid !== undefined) parts.push(`uuid=${uuid}`);
  if (serial !== undefined) parts.push(`serial=${encodeURIComponent(serial)}`);
  if (match.by === 'choice') parts.push(`profile=${encodeURIComponent(match.profile.name)}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** What a machine says of itself when it follows a link that was made by `identityQuery`. */
export function askedFacts({ mac, uuid, serial }: MachineFacts, { by }: Pick<Match, 'by'>): MachineFacts {
  const saysUuid = uuid !== undefined && (by === 'uuid' || mac === undefined);
  const saysSerial = serial !== undefined && (by === 'serial' || (mac === undefined && !saysUuid));
  return omitUndefined({
    mac,
    ...(saysUuid ? { uuid } : {}),
    ...(saysSerial ? { serial } : {}),
  });
}
