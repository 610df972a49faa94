import type { HostFiles } from '../files/host-file.ts';

/** Which ports this program may open. */
export interface Rights {
  readonly bindService: boolean;
  /** Ports from here on are everybody's. */
  readonly firstFreePort: number;
}

/** capabilities(7). */
const CAP_NET_BIND_SERVICE = 10n;

export async function rightsOf(proc: HostFiles): Promise<Rights> {
  const status = (await proc.read('/proc/self/status')) ?? '';
  const effective = /^CapEff:\s*([0-9a-f]{1,16})$/im.exec(status)?.[1] ?? '0';
  const start = (await proc.read('/proc/sys/net/ipv4/ip_unprivileged_port_start'))?.trim() ?? '';
  return {
    bindService: ((BigInt(`0x${effective}`) >> CAP_NET_BIND_SERVICE) & 1n) === 1n,
    firstFreePort: /^\d{1,5}$/.test(start) ? Number(start) : 1024,
  };
}
