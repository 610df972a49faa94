import type { Node, Profile } from '../model/profile.ts';
import { bootOptions, etcdRecords } from './dnsmasq.ts';
import { hasMachine, type Network, poolOf, type Server } from './export-options.ts';
import { type Host, isPlainName } from './host.ts';

export interface LibvirtDomainInput {
  readonly profile: Profile;
  readonly node: Node;
  readonly uefi: boolean;
  /** The name of libvirt's network that it is plugged into. */
  readonly network: string;
}

/** SeaBIOS gives up after one round of failed boots; the server may come later. Milliseconds. */
const TRY_AGAIN_MS = 5_000;

/** A virtual machine that boots from the network as this node does, for `virsh define`. */
export function libvirtDomain({ profile, node, uefi, network }: LibvirtDomainInput): string {
  const arm = profile.arch === 'arm64';
  const lines = [
    '<!-- Written by `pilotlight export libvirt-domain`: virsh define FILE; virsh start NAME -->',
    "<domain type='kvm'>",
    `  <name>${escaped(node.name)}</name>`,
    ...(node.uuid === undefined ? [] : [`  <uuid>${escaped(node.uuid)}</uuid>`]),
    // An image that runs from memory has to fit into it, packed and unpacked.
    "  <memory unit='GiB'>4</memory>",
    '  <vcpu>2</vcpu>',
    ...(node.serial === undefined
      ? []
      : [
          "  <sysinfo type='smbios'>",
          '    <system>',
          `      <entry name='serial'>${escaped(node.serial)}</entry>`,
          '    </system>',
          '  </sysinfo>',
        ]),
    arm || uefi ? "  <os firmware='efi'>" : '  <os>',
    arm ? "    <type arch='aarch64' machine='virt'>hvm</type>" : "    <type arch='x86_64' machine='q35'>hvm</type>",
    // Kernels that are not signed for it.
    ...(arm || uefi ? ['    <firmware>', "      <feature enabled='no' name='secure-boot'/>", '    </firmware>'] : []),
    "    <boot dev='network'/>",
    "    <boot dev='hd'/>",
    ...(arm || uefi ? [] : [`    <bios useserial='yes' rebootTimeout='${TRY_AGAIN_MS}'/>`]),
    ...(node.serial === undefined ? [] : ["    <smbios mode='sysinfo'/>"]),
    '  </os>',
    '  <features>',
    '    <acpi/>',
    '  </features>',
    "  <cpu mode='host-passthrough'/>",
    '  <devices>',
    "    <interface type='network'>",
    ...(node.mac === undefined ? [] : [`      <mac address=${attribute(node.mac)}/>`]),
    `      <source network=${attribute(network)}/>`,
    "      <model type='virtio'/>",
    '    </interface>',
    "    <serial type='pty'/>",
    "    <console type='pty'/>",
    "    <rng model='virtio'>",
    "      <backend model='random'>/dev/urandom</backend>",
    '    </rng>',
    '  </devices>',
    '</domain>',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

export interface LibvirtNetworkInput {
  readonly hosts: readonly Host[];
  readonly server: Server;
  readonly domain: string | undefined;
  readonly network: Network;
  /** The profile whose nodes are an etcd cluster that finds itself by SRV records. Needs `domain`. */
  readonly etcd?: string | undefined;
}

/**
 * A whole libvirt network with NAT, for `virsh net-define`. libvirt's own <bootp> hands one file to every machine, so the
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
    // Comments of a dnsmasq file are no options.
    ...[...bootOptions(server), ...records.filter((line) => !line.startsWith('#'))].map(
      (option) => `    <dnsmasq:option value=${attribute(option)}/>`,
    ),
    '  </dnsmasq:options>',
    '</network>',
  ];
  return lines.map((line) => `${line}\n`).join('');
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

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

/** Text between tags (XML 1.0, 2.4). */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>'"]/g, (character) => ENTITIES[character] ?? character);
}

/** An attribute's value with its quotes. */
export function attribute(text: string): string {
  return `'${escaped(text)}'`;
}
