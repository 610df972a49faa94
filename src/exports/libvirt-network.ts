import { bootOptions, type Server } from './boot-options.ts';
import { etcdRecords } from './etcd-records.ts';
import { isPlainName, type Host } from './host.ts';
import { hasMachine, poolOf, type Network } from './ipv4.ts';
import { attribute } from './xml.ts';

export interface LibvirtNetworkInput {
  readonly hosts: readonly Host[];
  readonly server: Server;
  readonly domain: string | undefined;
  readonly network: Network;
  /** The profile whose nodes are an etcd cluster that finds itself by SRV records. Needs `domain`. */
  readonly etcd?: string | undefined;
}

/**
 * A whole libvirt network with NAT, for `virsh net-define`. libvirt's own <bootp> hands one file to everybody, so the
 * boot options go to its dnsmasq directly (libvirt 5.6 and newer).
 */
export function libvirtNetwork({ hosts, server, domain, network, etcd }: LibvirtNetworkInput): string {
  const pool = poolOf(network);
  const records = etcd === undefined || domain === undefined ? [] : etcdRecords(hosts, etcd, domain);
  const lines = [
    '<!-- Written by `pilotlight export libvirt-network`: virsh net-define FILE; virsh net-start pilotlight -->',
    "<network xmlns:dnsmasq='http://libvirt.org/schemas/network/dnsmasq/1.0'>",
    '  <name>pilotlight</name>',
    "  <forward mode='nat'/>",
    "  <bridge name='virbr-pl' stp='off' delay='0'/>",
    ...(domain === undefined ? [] : [`  <domain name=${attribute(domain)} localOnly='yes'/>`]),
    `  <ip address=${attribute(network.router)} netmask=${attribute(network.netmask)}>`,
    '    <dhcp>',
    `      <range start=${attribute(pool.first)} end=${attribute(pool.last)}/>`,
    ...hosts.map((host) => `      ${element(host, network)}`),
    '    </dhcp>',
    '  </ip>',
    '  <dnsmasq:options>',
    ...[...bootOptions(server), ...records.filter(isOption)].map(
      (option) => `    <dnsmasq:option value=${attribute(option)}/>`,
    ),
    '  </dnsmasq:options>',
    '</network>',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Comments of a dnsmasq file are no options. */
function isOption(line: string): boolean {
  return !line.startsWith('#');
}

function element({ name, mac, ip, family }: Host, network: Network): string {
  // Two hyphens in a row would end an XML comment early.
  const left = (why: string): string => `<!-- ${name.replaceAll(/-(?=-)/g, '- ')}: ${why} -->`;
  if (mac === undefined) return left('no mac in its profile');
  if (ip === undefined) return left('no ip in its profile');
  if (family !== 4) return left('its address is not IPv4');
  if (!hasMachine(network, ip)) return left(`${ip} is not in this network`);
  const called = isPlainName(name) ? ` name=${attribute(name)}` : '';
  return `<host mac=${attribute(mac)}${called} ip=${attribute(ip)}/>`;
}
