import { Failure } from '../model/failure.ts';
import { bootOptions, type Server } from './export-options.ts';
import { type Host, isPlainName, type Network, poolOf } from './host.ts';

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

/**
 * SRV records by which etcd 3.5 and newer find each other over plain http. `_etcd-server-ssl` is left out on purpose:
 * one such record beside these makes etcd mix the schemes and fail. Clients' port is 2379, peers' is 2380.
 */
export function etcdRecords(hosts: readonly Host[], profile: string, domain: string): readonly string[] {
  const members = hosts.filter((host) => host.profile === profile);
  if (members.length === 0) {
    throw new Failure('not-found', `the profile ${profile} has no nodes`, {
      remedy: 'name the profile of the members',
    });
  }
  const target = ({ name }: Host): string => `${name}.${domain}`;
  return [
    `# etcd: --discovery-srv ${domain}. Each member advertises its name below, as http://NAME:2380.`,
    ...members.map((host) => {
      if (host.ip !== undefined) return `host-record=${target(host)},${host.ip}`;
      throw new Failure('broken', `the etcd member ${host.name} has no ip`, {
        place: { file: host.file },
        remedy: 'give the node an "ip"',
      });
    }),
    ...members.map((host) => `srv-host=_etcd-server._tcp.${domain},${target(host)},2380,0,100`),
    ...members.map((host) => `srv-host=_etcd-client._tcp.${domain},${target(host)},2379,0,100`),
  ];
}
