/** An IPv4 network and the address of the router (or of libvirt's bridge) in it. */
export interface Network {
  readonly router: string;
  /** Its first address. */
  readonly base: string;
  readonly netmask: string;
  /** Prefix length. */
  readonly prefix: number;
}

// No leading zeros: some programs read 010 as octal (RFC 6943 3.1.1).
const DOTTED = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

export function isIpv4(text: string): boolean {
  return DOTTED.test(text);
}

/** `192.168.122.1/24`. Undefined for anything else, and for networks without room for a router and a machine. */
export function parseNetwork(text: string): Network | undefined {
  const [router = '', length = '', rest] = text.split('/');
  if (rest !== undefined || !isIpv4(router) || !/^\d{1,2}$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix < 8 || prefix > 30) return undefined;
  const mask = (0xffffffff << (32 - prefix)) >>> 0;
  const base = (numberOf(router) & mask) >>> 0;
  return { router, base: textOf(base), netmask: textOf(mask), prefix };
}

/** A machine's address: not the network's own, not its broadcast address, not the router's. */
export function hasMachine(network: Network, ip: string): boolean {
  const size = 2 ** (32 - network.prefix);
  const offset = numberOf(ip) - numberOf(network.base);
  return offset > 0 && offset < size - 1 && ip !== network.router;
}

/** The half of the network without the router: for machines that no profile names yet, which say on their screen who they are. */
export function poolOf(network: Network): { readonly first: string; readonly last: string } {
  const base = numberOf(network.base);
  const size = 2 ** (32 - network.prefix);
  const half = size / 2;
  const low = numberOf(network.router) - base >= half;
  return { first: textOf(base + (low ? 1 : half)), last: textOf(base + (low ? half - 1 : size - 2)) };
}

function numberOf(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => String((address >>> shift) & 255)).join('.');
}
