import { readContext } from '../context/app-context.ts';
import { networkDiagnostics6, placesOf6 } from '../dhcp/dhcpv6-places.ts';
import { type Lease, readLeaseFile } from '../dhcp/lease-book.ts';
import { knownMachines } from '../dhcp/reservations.ts';
import { isInPool, poolDiagnostics, servedNetworks, type Subnet, subnetsOf, subnetText } from '../dhcp/subnets.ts';
import {
  diagnosticsAbout,
  Failure,
  failureLine,
  type HostDiagnostic,
  problemLine,
  unlessFailed,
} from '../model/failure.ts';
import { ipv4Number, isHostAddress, lastOf } from '../model/ipv4.ts';
import type { Ipv6Network } from '../model/ipv6.ts';
import { plural } from '../model/text.ts';
import type { LocalAddress } from '../net/addresses.ts';
import type { DhcpServerSettings, Settings } from '../settings/settings.ts';

const say = diagnosticsAbout('dhcp');
/** From here on a pool is told to be nearly full. */
const NEARLY = 0.9;

/** Of the only DHCP server of a network: whether machines can get an address from it, and their own one. */
export async function addressPoolDiagnostics(
  settings: Settings,
  local: readonly LocalAddress[],
  now: number,
): Promise<readonly HostDiagnostic[]> {
  const server = settings.dhcp?.server;
  if (server === undefined) return [];
  const ipv6 = ipv6Diagnostics(server.networks6, local, settings.dhcp?.relays ?? []);
  return [...ipv6, ...(server.pools.length === 0 ? [] : await ipv4Diagnostics(settings, server, local, now))];
}

/** DHCPv6 has no pools: a card has one address, made of it. */
function ipv6Diagnostics(
  networks: readonly Ipv6Network[],
  local: readonly LocalAddress[],
  relays: readonly string[],
): readonly HostDiagnostic[] {
  const places = placesOf6(networks, local);
  return [
    ...places
      .filter((one, at) => places.findIndex(({ interfaceName }) => interfaceName === one.interfaceName) === at)
      .map(({ interfaceName, network, server }) =>
        say.ok(
          `${network.text}: DHCPv6 is answered on ${interfaceName}, as ${server}; a router there must send machines to it (the M flag)`,
        ),
      ),
    ...networkDiagnostics6(networks, places, relays).map(({ message, remedy = '' }) => say.error(message, remedy)),
  ];
}

async function ipv4Diagnostics(
  settings: Settings,
  server: DhcpServerSettings,
  local: readonly LocalAddress[],
  now: number,
): Promise<readonly HostDiagnostic[]> {
  const subnets = servedSubnets(settings, local);
  const unreachable = poolDiagnostics(server.pools, subnets, settings.dhcp?.relays ?? []).map(
    ({ message, remedy = '' }) => (subnets.length === 0 ? say.error : say.warning)(message, remedy),
  );
  const context = await unlessFailed(readContext(settings));
  // A data directory that cannot be read is told elsewhere.
  if (context === undefined) return unreachable;
  const snapshot = context.catalog.current();
  const reserved = [...snapshot.profiles.values()].flatMap(({ nodes }) => nodes.flatMap(({ ip }) => ip ?? []));
  let leases: readonly Lease[];
  try {
    leases = (await readLeaseFile(context.files, false)).leases;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [...unreachable, say.error(failureLine(error), 'make state/ readable for this user, or run it as root')];
  }
  const given = leases.filter(({ state, until }) => state !== 'released' && until > now).map(({ address }) => address);
  const own = [...local.map(({ address }) => address), ...server.routers];
  return [
    ...unreachable,
    ...knownMachines(snapshot)
      .problems(servedNetworks(subnets))
      .map((problem) => say.warning(problemLine({ ...problem, remedy: undefined }), problem.remedy ?? '')),
    ...subnets.flatMap((subnet) => poolUse(subnet, given, [...reserved, ...own])),
  ];
}

/** The networks of this host and of its relays in which the settings hand out addresses. */
export function servedSubnets({ dhcp }: Settings, local: readonly LocalAddress[]): readonly Subnet[] {
  return subnetsOf(
    dhcp?.server?.pools ?? [],
    local.filter(({ family }) => family === 4),
  );
}

function poolUse(subnet: Subnet, given: readonly string[], kept: readonly string[]): readonly HostDiagnostic[] {
  const within = (addresses: readonly string[]): ReadonlySet<number> =>
    new Set(addresses.map(ipv4Number).filter((address) => isInPool(subnet, address)));
  const forOthers = within(kept);
  const used = [...within(given)].filter((address) => !forOthers.has(address)).length;
  const size = sizeOf(subnet) - forOthers.size;
  const name = subnetText(subnet);
  if (size <= 0) return [say.ok(`${name}: only machines that a profile gives an address get one`)];
  const what = `${name}: ${used} of ${plural(size, 'address', 'addresses')} given out`;
  const remedy = 'widen PILOTLIGHT_DHCP_RANGE, or shorten PILOTLIGHT_DHCP_LEASE where machines come and go';
  if (used >= size) return [say.error(`${what}: a new machine gets none`, remedy)];
  return [used >= NEARLY * size ? say.warning(`${what}: nearly all`, remedy) : say.ok(what)];
}

/** How many addresses its ranges hold that a machine can have; ranges have none in common. */
function sizeOf(subnet: Subnet): number {
  const ranges = subnet.pools.filter(({ dynamic }) => dynamic);
  const edges = [subnet.network, lastOf(subnet)].filter((edge) => !isHostAddress(subnet, edge));
  return ranges.reduce(
    (size, { first, last }) => size + last - first + 1 - edges.filter((edge) => first <= edge && edge <= last).length,
    0,
  );
}
