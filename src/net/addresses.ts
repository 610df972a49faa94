import { networkInterfaces } from 'node:os';

/** An address of this host, and what belongs to it. */
export interface LocalAddress {
  readonly interfaceName: string;
  /** With its scope where it needs one: `fe80::1%eth0`. */
  readonly address: string;
  readonly family: 4 | 6;
  readonly internal: boolean;
  /** Undefined for IPv6. */
  readonly netmask: string | undefined;
}

/** The addresses of this host now. */
export function localAddresses(): LocalAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, entries]) =>
    (entries ?? []).map((entry) => {
      const scoped = entry.family === 'IPv6' && entry.scopeid !== 0;
      return {
        interfaceName,
        address: scoped ? `${entry.address}%${interfaceName}` : entry.address,
        family: entry.family === 'IPv6' ? 6 : 4,
        internal: entry.internal,
        netmask: entry.family === 'IPv4' ? entry.netmask : undefined,
      } as const;
    }),
  );
}

/** What a setting means: `0.0.0.0` is every IPv4 address, `::` every address of both families, else the one it names. */
export function expandListen(host: string, local: readonly LocalAddress[]): string[] {
  if (host === '0.0.0.0') return local.filter((entry) => entry.family === 4).map((entry) => entry.address);
  if (host === '::') return local.map((entry) => entry.address);
  return [host];
}
