import type { Snapshot } from '../catalog/snapshot.ts';
import type { FileDiagnostic } from '../model/failure.ts';
import { ipv4Number, isHostAddress } from '../model/ipv4.ts';
import type { Mac } from '../model/machine.ts';
import type { Node, Profile } from '../model/profile.ts';
import type { Client, Reservations } from './allocator.ts';
import { type Subnet, subnetText } from './subnets.ts';

/** What profiles say of machines and their addresses. */
export interface KnownMachines extends Reservations {
  /** The name that a profile gives the machine. */
  nameOf(client: Client): string | undefined;
  /** Addresses that no machine gets, though a profile gives them. */
  problems(subnets: readonly Subnet[]): readonly FileDiagnostic[];
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
      if (node.ip === undefined || !IPV4.test(node.ip)) continue;
      owners.set(node.ip, [...(owners.get(node.ip) ?? []), { profile, index, node }]);
    }
  }
  const nodeOf = ({ mac, uuid }: Client): Node | undefined =>
    snapshot.match(uuid === undefined ? { mac } : { mac, uuid })?.node;

  return {
    of(client) {
      const ip = nodeOf(client)?.ip;
      return ip !== undefined && owners.get(ip)?.length === 1 ? [ip] : [];
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
    problems(subnets) {
      return [...owners].flatMap(([ip, [owner, ...others]]): FileDiagnostic[] => {
        if (owner === undefined) return [];
        if (others.length > 0) return [duplicate(ip, [owner, ...others])];
        return subnets.some((subnet) => isHostAddress(subnet, ipv4Number(ip))) ? [] : [outside(ip, owner, subnets)];
      });
    },
  };
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
/** Not of zeros: a client may say that of itself. */
const NO_CARD = 'none' as Mac;
/** What a system takes for its name. */
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;

function duplicate(ip: string, owners: readonly [Owner, ...Owner[]]): FileDiagnostic {
  const names = owners.map(({ profile, node }) => `${node.name} of ${profile.file}`);
  return {
    severity: 'error',
    place: placeOf(owners[0]),
    message: `${names.join(' and ')} have the address ${ip}: DHCP gives it to none of them`,
    remedy: 'give each machine an address of its own',
  };
}

function outside(ip: string, owner: Owner, subnets: readonly Subnet[]): FileDiagnostic {
  const networks = subnets.map(subnetText).join(', ');
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
