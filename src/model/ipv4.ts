/** IPv4 addresses as numbers: networks, masks and ranges of them. `dotted` is always four decimal numbers. */
export function ipv4Number(dotted: string): number {
  // Every packet of DHCP asks several times: a list of its parts would cost ten times as much.
  let number = 0;
  let part = 0;
  for (let at = 0; at < dotted.length; at += 1) {
    const code = dotted.charCodeAt(at);
    if (code !== 0x2e) part = part * 10 + code - 0x30;
    else [number, part] = [number * 256 + part, 0];
  }
  return number * 256 + part;
}

export function ipv4Text(number: number): string {
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
}

/** The mask of so many bits: 24 is 255.255.255.0. */
export function maskOf(bits: number): number {
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

/** An IPv4 network: its first address, and its mask. */
export interface Ipv4Network {
  readonly network: number;
  readonly mask: number;
}

export function networkAround(address: number, mask: number): Ipv4Network {
  return { network: (address & mask) >>> 0, mask };
}

export function isInNetwork({ network, mask }: Ipv4Network, address: number): boolean {
  return (address & mask) >>> 0 === network;
}

/** The last address of a network: its broadcast address. */
export function lastOf({ network, mask }: Ipv4Network): number {
  return (network | ~mask) >>> 0;
}

/** Whether a machine may have it there: neither the network's own address nor its broadcast address. */
export function isHostAddress(network: Ipv4Network, address: number): boolean {
  if (!isInNetwork(network, address)) return false;
  // RFC 3021: a network of two addresses has no others.
  if (lastOf(network) - network.network <= 1) return true;
  return address !== network.network && address !== lastOf(network);
}

/** Addresses that a DHCP server hands out. */
export interface AddressPool {
  /** As the operator wrote it. */
  readonly text: string;
  readonly first: number;
  readonly last: number;
  /** The bits of its network, where the operator says them: of a network behind a relay there is no interface that knows. */
  readonly bits: number | undefined;
  /** False: a network alone, in which only machines with an address of their own get one. */
  readonly dynamic: boolean;
}

/** A network that is reached by a router of its own. */
export interface StaticRoute {
  readonly network: string;
  readonly bits: number;
  readonly router: string;
}

/** What machines are told beside their address. */
export interface NetworkFacts {
  /** Each is told in the network in which it is. */
  readonly routers: readonly string[];
  readonly nameServers: readonly string[];
  readonly timeServers: readonly string[];
  readonly domain: string | undefined;
  readonly search: readonly string[];
  /** Each is told in the network in which its router is. */
  readonly routes: readonly StaticRoute[];
}
