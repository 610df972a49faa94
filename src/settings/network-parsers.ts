import { isIPv4 } from 'node:net';
import {
  type AddressPool,
  type Ipv4Network,
  ipv4Number,
  ipv4Text,
  isHostAddress,
  isInNetwork,
  lastOf,
  maskOf,
  networkAround,
  type StaticRoute,
} from '../model/ipv4.ts';
import { canonicalAddress, type Ipv6Network, ipv6Bytes, ipv6Text } from '../model/ipv6.ts';
import { bad, good, type Parsed } from './parsers.ts';

/** More than a lab has, and few enough to be looked through. */
const MOST_ADDRESSES = 65_536;
const POOL = /^([\d.]+)-([\d.]+)(?:\/(\d{1,2}))?$/;
const NETWORK = /^([\d.]+)\/(\d{1,2})$/;

/** What a DHCP server hands out. */
export interface DhcpRange {
  readonly pools: readonly AddressPool[];
  readonly networks6: readonly Ipv6Network[];
}

/** Pools of IPv4, and networks of IPv6, separated by commas. */
export function parseRange(text: string): Parsed<DhcpRange> {
  const all = parts(text);
  const networks6: Ipv6Network[] = [];
  for (const part of all.filter((one) => one.includes(':'))) {
    const parsed = ipv6Network(part);
    if (!parsed.ok) return parsed;
    if (networks6.some(({ prefix }) => prefix.equals(parsed.value.prefix))) return bad(`${part} is there twice`);
    networks6.push(parsed.value);
  }
  const rest = all.filter((one) => !one.includes(':'));
  if (rest.length === 0) return good({ pools: [], networks6 });
  const pools = parsePools(rest.join(','));
  return pools.ok ? good({ pools: pools.value, networks6 }) : pools;
}

/** `fd00:50::/64`: a machine's address in it is made of its card, so there is nothing to choose from. */
function ipv6Network(text: string): Parsed<Ipv6Network> {
  const [address = '', bits = '', ...more] = text.split('/');
  if (address.includes('%')) return bad(`${text}: an address with a zone (%) is one of a single interface`);
  if (canonicalAddress(address) === undefined || more.length > 0 || bits !== '64') {
    return bad(`${JSON.stringify(text)} is not a network of IPv6 such as fd00:50::/64: each has 64 bits`);
  }
  const bytes = ipv6Bytes(address);
  if (bytes.readUInt16BE(0) >= 0xfe80)
    return bad(`${text} is a link-local or multicast network: take one such as fd00:50::/64`);
  const prefix = bytes.subarray(0, 8);
  const begin = ipv6Text(Buffer.concat([prefix, Buffer.alloc(8)]));
  if (bytes.subarray(8).some((byte) => byte !== 0)) return bad(`${text} is not a network: it begins at ${begin}`);
  return good({ text: `${begin}/64`, prefix });
}

/** `192.168.50.100-192.168.50.200`, the same with `/24`, or `192.168.50.0/24` alone; separated by commas. */
export function parsePools(text: string): Parsed<readonly AddressPool[]> {
  const pools: AddressPool[] = [];
  for (const part of parts(text)) {
    const parsed = poolIn(part);
    if (!parsed.ok) return parsed;
    const pool = parsed.value;
    const other = pools.find((one) => one.dynamic && pool.dynamic && one.first <= pool.last && pool.first <= one.last);
    if (other !== undefined) return bad(`${other.text} and ${pool.text} have addresses in common`);
    pools.push(pool);
  }
  return good(pools);
}

function poolIn(text: string): Parsed<AddressPool> {
  const [, from = '', to = '', size] = POOL.exec(text) ?? [];
  if (!isIPv4(from) || !isIPv4(to)) return networkPool(text);
  const [first, last] = [ipv4Number(from), ipv4Number(to)];
  if (last < first) return bad(`${text} begins after its end`);
  if (last - first >= MOST_ADDRESSES) return bad(`${text} holds more than ${MOST_ADDRESSES} addresses`);
  const bits = size === undefined ? undefined : Number(size);
  if (bits !== undefined) {
    const network = networkOf(from, bits);
    if (network === undefined) return bad(`/${bits} is not the size of a network: write /8 to /30`);
    for (const [address, text] of [
      [first, from],
      [last, to],
    ] as const) {
      if (!isInNetwork(network, address)) return bad(`${from} and ${to} are not in one network of /${bits}`);
      if (!isHostAddress(network, address)) return bad(`no machine can have ${text} in a network of /${bits}`);
    }
  }
  return good({ text, first, last, bits, dynamic: true });
}

function networkPool(text: string): Parsed<AddressPool> {
  const [, address = '', size = ''] = NETWORK.exec(text) ?? [];
  const bits = Number(size);
  const network = isIPv4(address) ? networkOf(address, bits) : undefined;
  if (network === undefined) {
    return bad(`${JSON.stringify(text)} is not a range such as 192.168.50.100-192.168.50.200, nor a network`);
  }
  if (network.network !== ipv4Number(address))
    return bad(`${text} is not a network: it begins at ${ipv4Text(network.network)}`);
  return good({ text, first: network.network, last: lastOf(network), bits, dynamic: false });
}

function networkOf(address: string, bits: number): Ipv4Network | undefined {
  return bits < 8 || bits > 30 ? undefined : networkAround(ipv4Number(address), maskOf(bits));
}

/** `10.0.0.0/8=192.168.50.1`, separated by commas. */
export function parseRoutes(text: string): Parsed<readonly StaticRoute[]> {
  const routes: StaticRoute[] = [];
  for (const part of parts(text)) {
    const [, network = '', size = '', router = ''] = /^([\d.]+)\/(\d{1,2})=([\d.]+)$/.exec(part) ?? [];
    const bits = Number(size);
    if (!isIPv4(network) || !isIPv4(router) || bits > 32) {
      return bad(`${JSON.stringify(part)} is not a route such as 10.0.0.0/8=192.168.50.1`);
    }
    const begin = networkAround(ipv4Number(network), maskOf(bits)).network;
    if (begin !== ipv4Number(network))
      return bad(`${network}/${bits} is not a network: it begins at ${ipv4Text(begin)}`);
    routes.push({ network, bits, router });
  }
  return good(routes);
}

// As DNS has it; 253 bytes in all.
const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

export function parseDomain(text: string): Parsed<string> {
  return DOMAIN.test(text) ? good(text) : bad('must be a domain such as lab.example');
}

export function parseDomains(text: string): Parsed<readonly string[]> {
  const domains = parts(text);
  const wrong = domains.find((domain) => !DOMAIN.test(domain));
  return wrong === undefined ? good(domains) : bad(`${JSON.stringify(wrong)} is not a domain such as lab.example`);
}

function parts(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}
