import type { Diagnostic } from '../model/failure.ts';
import { type Ipv6Network, ipv6Bytes, isInIpv6Network } from '../model/ipv6.ts';
import { lastingFirst, type LocalAddress } from '../net/addresses.ts';
import type { ServedNetworks } from './subnets.ts';

/** An interface of this host in one of the networks of DHCPv6, and our address that machines there are told. */
export interface Place6 {
  readonly interfaceName: string;
  readonly network: Ipv6Network;
  readonly server: string;
}

/** Of each network the interfaces, each with the address first that is likely to stay. */
export function placesOf6(networks: readonly Ipv6Network[], local: readonly LocalAddress[]): readonly Place6[] {
  const own = lastingFirst(local.filter((one) => one.family === 6 && !one.internal && !one.address.includes('%')));
  return networks.flatMap((network) =>
    own
      .filter(({ address }) => isInIpv6Network(network, ipv6Bytes(address)))
      .map(({ interfaceName, address }) => ({ interfaceName, network, server: address })),
  );
}

/** Networks in which no machine gets an answer. */
export function networkDiagnostics6(
  networks: readonly Ipv6Network[],
  places: readonly Place6[],
  relays: readonly string[],
): readonly Diagnostic[] {
  return networks
    .filter((network) => !places.some((place) => place.network === network))
    .filter((network) => !relays.some((relay) => relay.includes(':') && isInIpv6Network(network, ipv6Bytes(relay))))
    .map(({ text }) => ({
      severity: 'warning',
      message: `no interface of this host has an address in ${text}, and no relay in it is named`,
      remedy: "give the interface an address there, or name the relay's address in PILOTLIGHT_DHCP_RELAYS",
    }));
}

export function servedNetworks6(networks: readonly Ipv6Network[]): ServedNetworks {
  return {
    family: 6,
    names: networks.map(({ text }) => text),
    holds: (address) => networks.some((network) => isInIpv6Network(network, ipv6Bytes(address))),
  };
}
