import type { DhcpCounters } from '../dhcp/counters.ts';
import type { Trouble } from '../admin/service/deps.ts';

/** A room that got its power back is history an hour later. */
const NEWS_MS = 3_600_000;

/** What Health says about the DHCP proxy. `now`: the clock of the counters. */
export function dhcpTroubles(
  { dhcp }: { readonly dhcp: Pick<DhcpCounters, 'dropped' | 'droppedAt'> | undefined },
  now = performance.now(),
): readonly Trouble[] {
  if (dhcp?.droppedAt === undefined || now - dhcp.droppedAt > NEWS_MS) return [];
  return [
    {
      severity: 'warning',
      what: `DHCP requests came faster than they were read: ${String(dhcp.dropped)} were lost since the start`,
      remedy:
        'machines ask again by themselves; for a larger buffer set net.core.rmem_max=4194304 with sysctl and restart the server',
    },
  ];
}
