import { IDENTITY_KEYS, identityOf, type IdentityKey } from '../catalog/identity.ts';
import type { Match } from '../catalog/snapshot.ts';
import type { MachineFacts } from '../model/facts.ts';
import { isSharedSerial, isSharedUuid } from '../model/shared-ids.ts';
import type { Node } from '../model/profile.ts';
import type { InstallIdentity, MachineIdentity } from '../machines/mark.ts';

/**
 * Under which name a machine's installation is remembered: by what decided the match, so that a node matched by its UUID
 * is the same machine when it boots from another network card. Where no file names the machine: its MAC, or what else it
 * says. Undefined for a machine that says nothing of itself: nobody could tell whether it has been installed.
 */
export function installIdentity(
  { by, node }: Pick<Match, 'by' | 'node'>,
  facts: MachineFacts,
): InstallIdentity | undefined {
  const own = ownFacts(facts);
  const unlisted = by === 'default' || by === 'choice';
  const decided = unlisted ? IDENTITY_KEYS.find((one) => own[one] !== undefined) : by;
  const key = decided === undefined ? undefined : keyOf(facts, decided);
  if (key === undefined) return undefined;
  const also = node === undefined ? [] : IDENTITY_KEYS.flatMap((one) => keyOf(node, one) ?? []);
  return { key, also: also.filter((one) => one !== key), machine: own };
}

/** What the machine says of itself that no other says, too. */
function ownFacts({ mac, uuid, serial }: MachineFacts): MachineIdentity {
  return {
    ...(mac === undefined ? {} : { mac }),
    ...(uuid === undefined || isSharedUuid(uuid) ? {} : { uuid }),
    ...(serial === undefined || isSharedSerial(serial) ? {} : { serial }),
  };
}

function keyOf(of: Node | MachineFacts, by: IdentityKey): string | undefined {
  const value = identityOf(of, by);
  return value === undefined || by === 'mac' ? value : `${by}:${value}`;
}
