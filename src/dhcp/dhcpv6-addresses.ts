import { type Ipv6Network, ipv6Bytes, ipv6Text, isInIpv6Network } from '../model/ipv6.ts';
import type { Reservations } from './allocator.ts';
import { type Client6, hostPart } from './dhcpv6-client.ts';
import type { Lease } from './lease-book.ts';

export interface Addresses6Options {
  readonly reservations: () => Reservations;
  /** Addresses that no machine gets: this host's own. */
  readonly taken: () => ReadonlySet<string>;
  /** Milliseconds of the leases' clock. */
  readonly now: () => number;
  readonly leaseMs: number;
}

/**
 * Which address a machine gets by DHCPv6. A network of 2^64 addresses needs no book: each card's address is made of the card,
 * the same after a restart. What is kept in memory is for the page of leases, and for two that would get the same one.
 */
export interface Addresses6 {
  /** What a profile gives it, else its own, rather one of those that it names. Undefined when it refused all of them. */
  choose(client: Client6, network: Ipv6Network, wanted: readonly string[]): string | undefined;
  /** Until its lease ends. */
  give(client: Client6, address: string): void;
  release(client: Client6, address: string): void;
  /** The machine found another one at the address: it rests. */
  decline(client: Client6, address: string): void;
  leases(): readonly Lease[];
}

interface Holder {
  readonly client: Client6;
  readonly at: number;
  readonly until: number;
}

/** How often a machine may refuse before it gets nothing for a while. */
const TRIES = 8;
/** As for DHCPv4. */
const REST_MS = 600_000;
/** Anything can invent machines. */
const MOST = 65_536;

export function createAddresses6({ reservations, taken, now, leaseMs }: Addresses6Options): Addresses6 {
  const held = new Map<string, Holder>();
  const resting = new Map<string, number>();

  const isFree = (address: string, client: Client6): boolean => {
    if (taken().has(address) || (resting.get(address) ?? 0) > now()) return false;
    const holder = held.get(address);
    return holder === undefined || holder.until <= now() || isSame(holder.client, client);
  };

  return {
    choose(client, network, wanted) {
      const { mac, uuid } = client;
      const reserved = mac === undefined ? [] : reservations().of(uuid === undefined ? { mac } : { mac, uuid });
      const own = reserved
        .filter((address) => address.includes(':'))
        .map((address) => ipv6Text(ipv6Bytes(address)))
        .find((address) => isInIpv6Network(network, ipv6Bytes(address)) && isFree(address, client));
      if (own !== undefined) return own;
      const possible = Array.from({ length: TRIES }, (_, nth) =>
        ipv6Text(Buffer.concat([network.prefix, hostPart(client, nth)])),
      ).filter((address) => isFree(address, client) && reservations().owner(address) === undefined);
      return possible.find((address) => wanted.includes(address)) ?? possible[0];
    },
    give(client, address) {
      held.delete(address);
      held.set(address, { client, at: now(), until: now() + leaseMs });
      if (held.size > MOST) held.delete(held.keys().next().value ?? address);
    },
    release(client, address) {
      const holder = held.get(address);
      if (holder !== undefined && isSame(holder.client, client)) held.delete(address);
    },
    decline(client, address) {
      const holder = held.get(address);
      if (holder === undefined || !isSame(holder.client, client)) return;
      held.delete(address);
      resting.delete(address);
      resting.set(address, now() + REST_MS);
      if (resting.size > MOST) resting.delete(resting.keys().next().value ?? address);
    },
    leases: () =>
      [...held].flatMap(([address, { client, at, until }]): Lease[] =>
        client.mac === undefined ? [] : [{ address, mac: client.mac, state: 'bound', at, until }],
      ),
  };
}

/** One machine says another identifier in firmware, in iPXE and in its system; its card stays. */
function isSame(one: Client6, other: Client6): boolean {
  if (one.card === undefined && other.card === undefined) return one.duid.equals(other.duid);
  return one.mac === other.mac;
}
