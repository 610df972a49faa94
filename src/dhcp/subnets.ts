import {
  type AddressPool,
  ipv4Number,
  type Ipv4Network,
  ipv4Text,
  isHostAddress,
  isInNetwork,
  maskOf,
  networkAround,
} from '../model/ipv4.ts';
import type { Diagnostic } from '../model/failure.ts';
import type { LocalAddress } from '../net/addresses.ts';

/** A network in which addresses are handed out. */
export interface Subnet extends Ipv4Network {
  readonly pools: readonly AddressPool[];
  /** Our address in it; undefined for a network behind a relay. */
  readonly server: string | undefined;
}

/** Where a server hands out addresses. */
export interface ServedNetworks {
  readonly family: 4 | 6;
  readonly names: readonly string[];
  holds(address: string): boolean;
}

/** The networks that have a pool: this host's own, and those whose size the setting says. */
export function subnetsOf(pools: readonly AddressPool[], ours: readonly LocalAddress[]): readonly Subnet[] {
  const subnets = new Map<string, Subnet>();
  for (const pool of pools) {
    const place = ours.find((one) => isInNetwork(localNetwork(one), pool.first));
    if (place === undefined && pool.bits === undefined) continue;
    const network = place === undefined ? networkAround(pool.first, maskOf(pool.bits ?? 32)) : localNetwork(place);
    if (!isInNetwork(network, pool.last)) continue;
    const key = subnetText(network);
    subnets.set(key, { ...network, pools: [...(subnets.get(key)?.pools ?? []), pool], server: place?.address });
  }
  return [...subnets.values()];
}

/** The same, for whom asks about addresses alone. */
export function servedNetworks(subnets: readonly Subnet[]): ServedNetworks {
  return {
    family: 4,
    names: subnets.map(subnetText),
    holds: (address) => subnets.some((subnet) => isHostAddress(subnet, ipv4Number(address))),
  };
}

/** Pools from which no machine can get an address. `relays`: those that may ask. */
export function poolDiagnostics(
  pools: readonly AddressPool[],
  subnets: readonly Subnet[],
  relays: readonly string[],
): readonly Diagnostic[] {
  const orphans = pools.filter((pool) => !subnets.some((subnet) => subnet.pools.includes(pool)));
  const silent = subnets.filter(
    (subnet) => subnet.server === undefined && !relays.some((relay) => isInNetwork(subnet, ipv4Number(relay))),
  );
  return [
    ...orphans.map(({ text }) =>
      warning(
        `no interface of this host is in a network that holds all of ${text}: no machine gets an address from it`,
        'give the interface an address there; of a network behind a relay say its size, as 10.9.0.10-10.9.0.99/24',
      ),
    ),
    ...silent.map((subnet) =>
      warning(
        `no interface of this host is in ${subnetText(subnet)}, and no relay in it is named`,
        "name the relay's address in that network in PILOTLIGHT_DHCP_RELAYS",
      ),
    ),
  ];
}

/** Whether the pools of this network hold the address, and a machine may have it. */
export function isInPool(subnet: Subnet, address: number): boolean {
  return (
    isHostAddress(subnet, address) &&
    subnet.pools.some(({ dynamic, first, last }) => dynamic && first <= address && address <= last)
  );
}

/** `192.168.50.0/24`. */
export function subnetText({ network, mask }: Ipv4Network): string {
  return `${ipv4Text(network)}/${32 - Math.log2(2 ** 32 - mask)}`;
}

function localNetwork({ address, netmask = '255.255.255.255' }: LocalAddress): Ipv4Network {
  return networkAround(ipv4Number(address), ipv4Number(netmask));
}

function warning(message: string, remedy: string): Diagnostic {
  return { severity: 'warning', message, remedy };
}
