import { Failure } from '../model/failure.ts';
import { type Network, poolOf, type Server } from './export-options.ts';
import { type Host, isPlainName } from './host.ts';

export interface DnsmasqInput {
  readonly hosts: readonly Host[];
  readonly server: Server;
  /** By IPv6; undefined where machines boot by IPv4 alone. */
  readonly server6?: Server | undefined;
  readonly domain: string | undefined;
  /** Where dnsmasq shall hand out addresses; undefined where its configuration says so already. */
  readonly network: Network | undefined;
  /** The profile whose nodes are an etcd cluster that finds itself by SRV records. Needs `domain`. */
  readonly etcd: string | undefined;
}

/** A file for /etc/dnsmasq.d: the nodes' addresses and names, and where machines boot from. */
export function dnsmasqConfig({ hosts, server, server6, domain, network, etcd }: DnsmasqInput): string {
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
    ...(server6 === undefined ? [] : ['', ...bootOptions6(server6)]),
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
  const known = ip === undefined ? [mac] : [mac, family === 6 ? `[${ip}]` : ip];
  if (isPlainName(name)) return [`dhcp-host=${[...known, name].join(',')}`];
  return [
    // dnsmasq would read it as something else; the machine keeps its address.
    `# ${name}: dnsmasq reads such a name as a lease time or a command; the machine gets no name`,
    ...(ip === undefined ? [] : [`dhcp-host=${known.join(',')}`]),
  ];
}

interface Firmware {
  readonly tag: string;
  /** Option 93, RFC 4578 2.1 and IANA's list; x64 UEFI is 7 in the text and 9 in the erratum, firmware sends either. */
  readonly arches: readonly number[];
  readonly program: string;
  /** UEFI HTTP Boot: the boot file is a URL. */
  readonly http: boolean;
}

export const FIRMWARE: readonly Firmware[] = [
  { tag: 'bios', arches: [0], program: 'undionly.kpxe', http: false },
  { tag: 'efi-x64', arches: [7, 9], program: 'snponly.efi', http: false },
  { tag: 'efi-ia32', arches: [6], program: 'snponly-i386.efi', http: false },
  { tag: 'efi-arm64', arches: [11], program: 'snponly-arm64.efi', http: false },
  { tag: 'http-x64', arches: [16], program: 'ipxe.efi', http: true },
  { tag: 'http-arm64', arches: [19], program: 'snponly-arm64.efi', http: true },
];

/** The boot file field of a DHCP answer, without its final zero. */
const FIELD_BYTES = 127;

/**
 * dnsmasq's options that send every kind of machine to this server. iPXE is known by its user class, or, where a ROM
 * hides that from the iPXE that it loads, by option 175; it gets the script and never a program again, which would loop
 * for ever.
 */
export function bootOptions(server: Server): readonly string[] {
  const url = (path: string): string => {
    const text = `${server.origin}/${path}`;
    if (text.length <= FIELD_BYTES) return text;
    throw new Failure('invalid', `${text} does not fit into DHCP's boot file field of ${FIELD_BYTES} bytes`, {
      remedy: 'use a shorter base URL',
    });
  };
  return [
    'dhcp-userclass=set:ipxe,iPXE',
    'dhcp-match=set:ipxe,175',
    ...FIRMWARE.flatMap(({ tag, arches }) => arches.map((arch) => `dhcp-match=set:${tag},option:client-arch,${arch}`)),
    `dhcp-boot=tag:ipxe,${url('boot.ipxe')}`,
    ...FIRMWARE.flatMap(({ tag, program, http }) =>
      http
        ? [
            // Firmware drops an offer for HTTP Boot that does not repeat its vendor class, and it does not ask for option 60.
            `dhcp-option-force=tag:!ipxe,tag:${tag},60,HTTPClient`,
            `dhcp-boot=tag:!ipxe,tag:${tag},${url(`firmware/${program}`)}`,
          ]
        : [`dhcp-boot=tag:!ipxe,tag:${tag},${program},,${server.address}`],
    ),
  ];
}

/** Intel's number, and the word that firmware for HTTP Boot looks for (option 16). */
const HTTP_CLIENT = `00:00:01:57:00:0a:${Buffer.from('HTTPClient')
  .toString('hex')
  .replaceAll(/..(?!$)/g, '$&:')}`;

/** The same by DHCPv6 (RFC 5970): the boot file is a URL always, and a BIOS has no IPv6. */
function bootOptions6({ address, origin }: Server): readonly string[] {
  const efi = FIRMWARE.filter(({ tag }) => tag !== 'bios');
  return [
    '# The same over IPv6. dnsmasq answers DHCPv6 and advertises the router where its configuration says so, for example:',
    '#dhcp-range=fd00::100,fd00::1ff,64,12h',
    '#enable-ra',
    ...efi.flatMap(({ tag, arches }) =>
      arches.map((arch) => `dhcp-match=set:${tag},option6:61,00:${arch.toString(16).padStart(2, '0')}`),
    ),
    `dhcp-option=tag:ipxe,option6:59,${origin}/boot.ipxe`,
    ...efi.flatMap(({ tag, program, http }) => {
      const url = http ? `${origin}/firmware/${program}` : `tftp://[${address}]/${program}`;
      const file = `dhcp-option=tag:!ipxe,tag:${tag},option6:59,${url}`;
      return http ? [file, `dhcp-option=tag:!ipxe,tag:${tag},option6:16,${HTTP_CLIENT}`] : [file];
    }),
  ];
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
  return [
    `# etcd: --discovery-srv ${domain}. Each member advertises its name below, as http://NAME:2380.`,
    ...members.map(({ name, ip, file }) => {
      if (ip !== undefined) return `host-record=${name}.${domain},${ip}`;
      throw new Failure('broken', `the etcd member ${name} has no ip`, {
        place: { file },
        remedy: 'give the node an "ip"',
      });
    }),
    ...members.map(({ name }) => `srv-host=_etcd-server._tcp.${domain},${name}.${domain},2380,0,100`),
    ...members.map(({ name }) => `srv-host=_etcd-client._tcp.${domain},${name}.${domain},2379,0,100`),
  ];
}
