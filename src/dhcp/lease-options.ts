import { ipv4Number, ipv4Text, isInNetwork, lastOf, type NetworkFacts, type StaticRoute } from '../model/ipv4.ts';
import { address, type DhcpPacket, OPTION } from './packet.ts';
import type { Subnet } from './subnets.ts';

type Options = [number, Buffer][];

/** What every answer with an address says of the network, whether it was asked for or not. */
export function networkOptions(packet: DhcpPacket, subnet: Subnet, facts: NetworkFacts): Options {
  const routers = routersOf(packet, subnet, facts);
  const { nameServers } = facts;
  return [
    [OPTION.netmask, address(ipv4Text(subnet.mask))],
    ...(routers.length === 0 ? [] : ([[OPTION.routers, addresses(routers)]] satisfies Options)),
    ...(nameServers.length === 0 ? [] : ([[OPTION.nameServers, addresses(nameServers)]] satisfies Options)),
  ];
}

/** What is told only where a machine asks for it, the most useful first: what does not fit is left out. */
export function wishedOptions(
  packet: DhcpPacket,
  subnet: Subnet,
  facts: NetworkFacts,
  name: string | undefined,
): Options {
  const asked = packet.options.get(OPTION.asked);
  const { domain, search, timeServers } = facts;
  const routers = routersOf(packet, subnet, facts);
  const routes = facts.routes.filter(({ router }) => isInNetwork(subnet, ipv4Number(router)));
  const all: Options = [
    ...(name === undefined ? [] : ([[OPTION.hostName, Buffer.from(name)]] satisfies Options)),
    ...(domain === undefined ? [] : ([[OPTION.domain, Buffer.from(domain)]] satisfies Options)),
    ...(routes.length === 0 ? [] : ([[OPTION.routes, routesValue(routes, routers)]] satisfies Options)),
    ...(search.length === 0 ? [] : ([[OPTION.search, searchValue(search)]] satisfies Options)),
    ...(timeServers.length === 0 ? [] : ([[OPTION.timeServers, addresses(timeServers)]] satisfies Options)),
    [OPTION.broadcast, address(ipv4Text(lastOf(subnet)))],
  ];
  return asked === undefined ? all : all.filter(([code]) => asked.includes(code));
}

/** Behind a relay, it is the router where none is named: nearly every relay is one. */
function routersOf({ giaddr }: DhcpPacket, subnet: Subnet, { routers }: NetworkFacts): readonly string[] {
  const named = routers.filter((router) => isInNetwork(subnet, ipv4Number(router)));
  const behind = subnet.server === undefined && isInNetwork(subnet, ipv4Number(giaddr));
  return named.length === 0 && behind ? [giaddr] : named;
}

function addresses(dotted: readonly string[]): Buffer {
  return Buffer.concat(dotted.map(address));
}

/** RFC 3442: as few bytes of each network as its mask has. Who reads it takes no notice of option 3, so that is in it, too. */
function routesValue(routes: readonly StaticRoute[], routers: readonly string[]): Buffer {
  const all = [...routes, ...routers.slice(0, 1).map((router) => ({ network: '0.0.0.0', bits: 0, router }))];
  return Buffer.concat(
    all.map(({ network, bits, router }) =>
      Buffer.concat([Buffer.from([bits]), address(network).subarray(0, Math.ceil(bits / 8)), address(router)]),
    ),
  );
}

/** RFC 3397: names as DNS writes them, here without its compression, which is allowed and not demanded. */
export function searchValue(names: readonly string[]): Buffer {
  const labels = names.map((name) =>
    Buffer.concat([
      ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
      Buffer.from([0]),
    ]),
  );
  return Buffer.concat(labels);
}
