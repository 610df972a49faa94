import { BlockList, createServer, isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Failure } from '../model/failure.ts';
import { ipv6Bytes } from '../model/ipv6.ts';
import { plainAddress } from '../model/machine.ts';
import { bindUdp, closeUdp } from './udp-socket.ts';

/** An address of this host, and what belongs to it. */
export interface LocalAddress {
  readonly interfaceName: string;
  /** With its scope where it needs one: `fe80::1%eth0`. */
  readonly address: string;
  readonly family: 4 | 6;
  readonly internal: boolean;
  /** Undefined for IPv6. */
  readonly netmask: string | undefined;
  /** Of its card. */
  readonly mac?: string;
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
        mac: entry.mac,
      } as const;
    }),
  );
}

/**
 * IPv6 addresses in the order in which they are likely to stay: Node does not tell which are temporary. One that a person
 * wrote has most zeros; then comes what is made of the card.
 */
export function lastingFirst(local: readonly LocalAddress[]): readonly LocalAddress[] {
  const score = ({ address }: LocalAddress): number => {
    const host = ipv6Bytes(address).subarray(8);
    return host.filter((byte) => byte === 0).length * 2 + (host.readUInt16BE(3) === 0xfffe ? 1 : 0);
  };
  return local.toSorted((one, other) => score(other) - score(one));
}

/** Whether an address is in one of these networks: `10.2.0.0/16`, `2001:db8::/48`, `10.0.0.7`. */
export function createNetworks(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const v4 = isIPv4(address);
    list.addSubnet(address, Number(bits ?? (v4 ? 32 : 128)), v4 ? 'ipv4' : 'ipv6');
  }
  return (address) => {
    const plain = plainAddress(address).replace(/%.*$/, '');
    return isIP(plain) !== 0 && list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
  };
}

/** Why the kernel refused `::`: it has no IPv6, and `0.0.0.0` is what is left of it. */
export function isWithoutIpv6(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

/** What a setting means: `0.0.0.0` is every IPv4 address, `::` every address of both families, else the one it names. */
export function expandListen(host: string, local: readonly LocalAddress[]): string[] {
  if (host === '0.0.0.0') return local.filter((entry) => entry.family === 4).map((entry) => entry.address);
  if (host === '::') return local.map((entry) => entry.address);
  return [host];
}

/** Whether this program could listen there now. */
export type PortState = 'free' | 'taken' | 'denied' | 'no-address';

export interface PortProbe {
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** As the DHCP server opens its ports: beside another server, if that one lets it. */
  readonly shared: boolean;
}

/** Opens the port, and closes it at once. */
export async function probePort(probe: PortProbe): Promise<PortState> {
  if (probe.host !== '::') return await probeAt(probe);
  const [ipv6, ipv4] = [await probeAt(probe), await probeAt({ ...probe, host: '0.0.0.0' })];
  return ipv6 === 'free' || ipv6 === 'no-address' ? ipv4 : ipv6;
}

async function probeAt({ protocol, host, port, shared }: PortProbe): Promise<PortState> {
  try {
    if (protocol === 'tcp') await openTcp(host, port);
    else await closeUdp(await bindUdp(host, port, { shared, onError: ignore }));
    return 'free';
  } catch (error) {
    const cause = error instanceof Failure ? error.cause : error;
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EADDRINUSE') return 'taken';
    if (code === 'EACCES') return 'denied';
    return 'no-address';
  }
}

async function openTcp(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve();
      });
    });
  });
}

function ignore(): void {
  // It is closed at once.
}
