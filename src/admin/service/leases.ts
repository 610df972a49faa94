import type { Lease } from '../../dhcp/lease-book.ts';
import { canonicalAddress } from '../../model/ipv6.ts';
import type { LeaseState, LeasesView, LeaseView } from '../../model/machine-views.ts';
import { omitUndefined } from '../../model/machine.ts';
import type { AdminDeps } from './deps.ts';

const OFF =
  'this server hands out no addresses; PILOTLIGHT_DHCP=server makes it the only DHCP server of its network (docs/dhcp.md)';

/** The addresses that DHCP gave out, and which machines have them. */
export async function leasesView(
  deps: Pick<AdminDeps, 'catalog' | 'leases' | 'now' | 'settings'>,
): Promise<LeasesView> {
  const { catalog, leases, now, settings } = deps;
  const snapshot = catalog.current();
  const view = (lease: Lease): LeaseView => {
    const match = snapshot.match({ mac: lease.mac });
    const { address, mac, at, until, name } = lease;
    const known = match?.node === undefined ? {} : { node: match.node.name, profile: match.profile.name };
    return omitUndefined({ address, mac, state: stateOf(lease, now()), at, until, name, ...known });
  };
  const sorted = [...(await leases())].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  return { leases: sorted.map(view), ...(settings.dhcp?.server === undefined && { off: OFF }) };
}

/** IPv4 first, each in the order of its numbers. */
function sortKey({ address }: Lease): string {
  const groups = (canonicalAddress(address) ?? address).split(/[.:]/);
  return `${groups.length} ${groups.map((group) => group.padStart(4, '0')).join('.')}`;
}

/** How many are in use, where this server hands out any. */
export async function leasesInUse({ leases, now, settings }: Pick<AdminDeps, 'leases' | 'now' | 'settings'>) {
  if (settings.dhcp?.server === undefined) return {};
  return { leases: (await leases()).filter((lease) => stateOf(lease, now()) === 'in use').length };
}

function stateOf({ state, until }: Lease, now: number): LeaseState {
  if (state === 'released') return 'released';
  if (until <= now) return 'ended';
  return state === 'bound' ? 'in use' : 'resting';
}
