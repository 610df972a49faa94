import { ipv4Number, isInNetwork, networkAround } from '../model/ipv4.ts';
import { MESSAGE, OPTION, type DhcpPacket } from './packet.ts';
import type { LocalAddress } from '../net/addresses.ts';

/** How long a machine is expected where it was heard last: longer than the slowest loading of iPXE. */
const REMEMBERED_MS = 300_000;
const MOST_REMEMBERED = 4096;
const UNSET = '0.0.0.0';

/**
 * From which of our addresses a broadcast is answered. Node's dgram does not tell by which interface a
 * broadcast came, so the packet says it: by the address of ours that it names, by an address of its sender in one of our
 * networks, or by what the same machine said a moment ago. Where nothing says it, the machine is behind one of our
 * interfaces, and each of them answers once: the others' listeners know neither its address nor its transaction.
 */
export class Placement {
  readonly #seen = new Map<string, { readonly address: string; readonly at: number }>();

  /** `now`: milliseconds of any steady clock. */
  addressesFor(packet: DhcpPacket, from: string, ours: readonly LocalAddress[], now: number): readonly string[] {
    const certain = namedBy(packet, ours) ?? networkOf(packet, from, ours);
    if (certain !== undefined) {
      this.heard(packet.mac, certain, now);
      return [certain];
    }
    const seen = this.#seen.get(packet.mac);
    // Good for one answer: a machine that asks again without a sign of life in between may have moved.
    this.#seen.delete(packet.mac);
    const known = seen !== undefined && now - seen.at < REMEMBERED_MS;
    if (known && ours.some(({ address }) => address === seen.address)) return [seen.address];
    return onePerInterface(ours);
  }

  /** The machine is in the network of this address: it has said so, or sent a unicast to it. */
  heard(mac: string, address: string, now: number): void {
    this.#seen.delete(mac);
    this.#seen.set(mac, { address, at: now });
    if (this.#seen.size > MOST_REMEMBERED) this.#seen.delete(this.#seen.keys().next().value ?? mac);
  }
}

function namedBy(packet: DhcpPacket, ours: readonly LocalAddress[]): string | undefined {
  const server = packet.options.get(OPTION.serverId);
  const named = server?.length === 4 ? server.join('.') : undefined;
  return ours.find(({ address }) => address === named)?.address;
}

/**
 * Our address in the sender's network. What a REQUEST asks for (option 50) is an address of the network that it is in;
 * in a DISCOVER it may be one from elsewhere.
 */
function networkOf(packet: DhcpPacket, from: string, ours: readonly LocalAddress[]): string | undefined {
  const wanted = packet.options.get(OPTION.requestedAddress);
  const requests = packet.options.get(OPTION.messageType)?.[0] === MESSAGE.request;
  const own = [from, packet.ciaddr, requests && wanted?.length === 4 ? wanted.join('.') : UNSET];
  for (const address of own) {
    if (address === UNSET) continue;
    const found = ours.find((place) => contains(place, address));
    if (found !== undefined) return found.address;
  }
  return undefined;
}

function contains({ address, netmask }: LocalAddress, other: string): boolean {
  if (netmask === undefined) return false;
  const mask = ipv4Number(netmask);
  // A network of one address has no neighbours, and one of all addresses says nothing.
  if (mask === 0xffffffff || mask === 0) return false;
  return isInNetwork(networkAround(ipv4Number(address), mask), ipv4Number(other));
}

/** The first address of each interface, rather not a link-local one. */
function onePerInterface(ours: readonly LocalAddress[]): readonly string[] {
  const chosen = new Map<string, LocalAddress>();
  for (const place of ours) {
    const earlier = chosen.get(place.interfaceName);
    if (earlier === undefined || (isLinkLocal(earlier) && !isLinkLocal(place))) chosen.set(place.interfaceName, place);
  }
  return [...chosen.values()].map(({ address }) => address);
}

function isLinkLocal({ address }: LocalAddress): boolean {
  return address.startsWith('169.254.');
}
