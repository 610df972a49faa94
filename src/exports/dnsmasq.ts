import { bootOptions, type Server } from './boot-options.ts';
import { etcdRecords } from './etcd-records.ts';
import { isPlainName, type Host } from './host.ts';
import { poolOf, type Network } from './ipv4.ts';

export interface DnsmasqInput {
  readonly hosts: readonly Host[];
  readonly server: Server;
  readonly domain: string | undefined;
  /** Where dnsmasq shall hand out addresses; undefined where its configuration says so already. */
  readonly network: Network | undefined;
  /** The profile whose nodes are an etcd cluster that finds itself by SRV records. Needs `domain`. */
  readonly etcd: string | undefined;
}

/** A file for /etc/dnsmasq.d: the nodes' addresses and names, and where machines boot from. */
export function dnsmasqConfig({ hosts, server, domain, network, etcd }: DnsmasqInput): string {
  const lines = [
    '# Written by `pilotlight export dnsmasq`. Save it as /etc/dnsmasq.d/pilotlight.conf, look at it with',
    '# `dnsmasq --test`, and restart dnsmasq.',
    '',
    ...rangeLines(network),
    ...(domain === undefined ? [] : ['', `domain=${domain}`]),
    '',
    '# Machines',
    ...hosts.flatMap(reservation),
    '',
    '# Where they boot from. iPXE gets the script; firmware gets iPXE, over TFTP or by UEFI HTTP Boot.',
    ...bootOptions(server),
    ...(etcd === undefined || domain === undefined ? [] : ['', ...etcdRecords(hosts, etcd, domain)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function rangeLines(network: Network | undefined): string[] {
  if (network === undefined) {
    return [
      '# dnsmasq hands out addresses only where a dhcp-range says so. Without one yet, for example:',
      '#dhcp-range=192.168.122.100,192.168.122.200,12h',
    ];
  }
  const { first, last } = poolOf(network);
  return [
    '# For machines that are not named below: they boot far enough to say on their screen who they are.',
    `dhcp-range=${first},${last},${network.netmask},12h`,
  ];
}

function reservation({ name, mac, ip, family }: Host): string[] {
  if (mac === undefined) return [`# ${name}: no mac in its profile, so dnsmasq cannot know it`];
  const address = ip === undefined ? [] : [family === 6 ? `[${ip}]` : ip];
  if (!isPlainName(name)) {
    // dnsmasq would read it as something else; the machine keeps its address.
    return [
      `# ${name}: dnsmasq reads such a name as a lease time or a command; the machine gets no name`,
      ...(address.length === 0 ? [] : [`dhcp-host=${[mac, ...address].join(',')}`]),
    ];
  }
  return [`dhcp-host=${[mac, ...address, name].join(',')}`];
}
