import type { Snapshot } from '../catalog/snapshot.ts';
import type { FileDiagnostic } from '../model/failure.ts';
import { ipv6Bytes, ipv6Text } from '../model/ipv6.ts';
import type { Mac } from '../model/machine.ts';
import type { Node, Profile } from '../model/profile.ts';
import type { Client, Reservations } from './allocator.ts';
import type { ServedNetworks } from './subnets.ts';

/** What profiles say of machines and their addresses. */
export interface KnownMachines extends Reservations {
  /** The name that a profile gives the machine. */
  nameOf(client: Client): string | undefined;
  /** Addresses of a family that no machine gets, though a profile gives them. */
  problems(served: ServedNetworks): readonly FileDiagnostic[];
}

interface Owner {
  readonly profile: Profile;
  readonly index: number;
  readonly node: Node;
}

/** The addresses of `nodes[].ip`. One that two machines claim is given to neither. */
export function knownMachines(snapshot: Snapshot): KnownMachines {
  const owners = new Map<string, Owner[]>();
  for (const profile of snapshot.profiles.values()) {
    for (const [index, node] of profile.nodes.entries()) {
      if (node.ip === undefined) continue;
      const ip = spelled(node.ip);
      owners.set(ip, [...(owners.get(ip) ?? []), { profile, index, node }]);
    }
  }
  const nodeOf = ({ mac, uuid }: Client): Node | undefined =>
    snapshot.match(uuid === undefined ? { mac } : { mac, uuid })?.node;

  return {
    of(client) {
      const ip = nodeOf(client)?.ip;
      return ip !== undefined && owners.get(spelled(ip))?.length === 1 ? [spelled(ip)] : [];
    },
    owner(address) {
      const [owner, other] = owners.get(address) ?? [];
      // Of an address that two claim, neither is the owner; nor is anyone else.
      return owner === undefined ? undefined : { mac: other === undefined ? owner.node.mac : NO_CARD };
    },
    nameOf(client) {
      const name = nodeOf(client)?.name;
      return name !== undefined && HOST_NAME.test(name) ? name : undefined;
    },
    problems(served) {
      return [...owners].flatMap(([ip, [owner, ...others]]): FileDiagnostic[] => {
        // An address that two have is an error of the catalog, which names both.
        if (owner === undefined || others.length > 0 || ip.includes(':') !== (served.family === 6)) return [];
        return served.holds(ip) ? [] : [outside(ip, owner, served.names)];
      });
    },
  };
}

/** The one spelling of an address that a profile gives. */
function spelled(ip: string): string {
  return ip.includes(':') ? ipv6Text(ipv6Bytes(ip)) : ip;
}

/** Not of zeros: a client may say that of itself. */
const NO_CARD = 'none' as Mac;
/** What a system takes for its name. */
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;

function outside(ip: string, owner: Owner, names: readonly string[]): FileDiagnostic {
  const networks = names.join(', ');
  return {
    severity: 'warning',
    place: placeOf(owner),
    message: `${ip} is in no network in which DHCP hands out addresses (${networks === '' ? 'there is none' : networks})`,
    remedy:
      'the machine gets one from the range; take an address of its network, or name that network in PILOTLIGHT_DHCP_RANGE',
  };
}

function placeOf({ profile, index }: Owner): FileDiagnostic['place'] {
  return { file: profile.file, key: `nodes[${index}].ip` };
}
