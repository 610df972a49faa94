import { isIP } from 'node:net';
import type { Lease } from '../dhcp/lease-book.ts';
import { Failure } from '../model/failure.ts';
import type { Mac } from '../model/machine.ts';
import type { Node, Profile, SystemId } from '../model/profile.ts';
import { nearest } from '../model/text.ts';

/** A node as its neighbours' files know it. */
export interface Host {
  readonly name: string;
  readonly mac?: Mac;
  readonly ip?: string;
  /** Of the address. */
  readonly family: 4 | 6 | undefined;
  readonly profile: string;
  readonly file: string;
  readonly system: SystemId;
  /** Its profile keeps a host key for it. */
  readonly keepsKey: boolean;
}

/**
 * Every node of every profile, by name: the order of files and of lines in them changes nothing. Throws Failure
 * `broken` for a name or an address that no DHCP or DNS server takes, and for one that two machines claim.
 */
export function hostsOf(profiles: Iterable<Profile>): readonly Host[] {
  const hosts = [...profiles]
    .flatMap((profile) => profile.nodes.map((node, index) => hostOf(profile, node, index)))
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.mac ?? '', b.mac ?? '') || compare(a.file, b.file));
  for (const key of ['name', 'ip'] as const) refuseDuplicates(hosts, key);
  return hosts;
}

// A host name in the widest sense that the neighbours share; nothing in it means anything to dnsmasq, XML, YAML or a shell.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const LABEL_BYTES = 63;
const NAME_BYTES = 253;

function hostOf(profile: Profile, { name, mac, ip }: Node, index: number): Host {
  const place = { file: profile.file, key: `nodes[${index}]` };
  if (!NAME.test(name) || name.length > NAME_BYTES || name.split('.').some(isNoLabel)) {
    const remedy = 'letters, digits and hyphens, at most 63 between two dots';
    throw new Failure('broken', `"${name}" is no host name`, { place, remedy });
  }
  const family = ip === undefined ? 0 : isIP(ip);
  if (ip !== undefined && family === 0) {
    throw new Failure('broken', `"${ip}" is no address`, { place, remedy: 'write it as 192.168.122.2' });
  }
  return {
    ...{ name, mac, ip, profile: profile.name, file: profile.file, system: profile.system },
    family: family === 4 || family === 6 ? family : undefined,
    keepsKey: profile.ssh_host_keys,
  };
}

/** The address that our own DHCP server gave a node, where its profile gives it none. By its MAC: what a machine calls itself is no name. */
export function withLeases(hosts: readonly Host[], leases: readonly Lease[], now: number): readonly Host[] {
  const used = new Map(
    leases.filter(({ state, until }) => state === 'bound' && until > now).map(({ mac, address }) => [mac, address]),
  );
  return hosts.map((host) => {
    const ip = host.mac === undefined || host.ip !== undefined ? undefined : used.get(host.mac);
    return ip === undefined ? host : { ...host, ip, family: 4 };
  });
}

function isNoLabel(label: string): boolean {
  return label === '' || label.length > LABEL_BYTES || label.startsWith('-') || label.endsWith('-');
}

/** By code points: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// dnsmasq refuses to start with two reservations of one address; every other format would silently take one of them.
function refuseDuplicates(hosts: readonly Host[], key: 'name' | 'ip'): void {
  const seen = new Map<string, Host>();
  for (const host of hosts) {
    const value = host[key]?.toLowerCase();
    if (value === undefined) continue;
    const other = seen.get(value);
    if (other !== undefined) {
      throw new Failure('broken', `${key} ${value} belongs to a machine of ${other.file} and to one of ${host.file}`, {
        place: { file: host.file },
        remedy: `give every machine its own ${key}`,
      });
    }
    seen.set(value, host);
  }
}

/**
 * Whether dnsmasq takes it for a name. Digits with an optional unit are a lease time to it, four numbers with dots an
 * address (option.c of dnsmasq 2.90). libvirt writes dnsmasq's files.
 */
export function isPlainName(name: string): boolean {
  return !/^(?:\d+[wdhms]?|infinite|ignore|[\d.]+)$/i.test(name);
}

/** The node of that name. Throws Failure `not-found` with the nearest one's name. */
export function findNode(profiles: Iterable<Profile>, name: string): { profile: Profile; node: Node } {
  const all = [...profiles].flatMap((profile) => profile.nodes.map((node) => ({ profile, node })));
  const found = all.find(({ node }) => node.name === name);
  if (found !== undefined) return found;
  const names = all.map(({ node }) => node.name);
  const near = nearest(name, names);
  throw new Failure('not-found', `no profile has a node called ${JSON.stringify(name)}`, {
    remedy: near === undefined ? '`pilotlight export hosts` lists them' : `did you mean ${near}?`,
  });
}

/** Lines for /etc/hosts: every node with an address, its full name first (hosts(5)). */
export function hostsFile(hosts: readonly Host[], domain: string | undefined): string {
  return hosts
    .map(({ name, ip }) => {
      if (ip === undefined) return `# ${name}: no ip in its profile\n`;
      return `${ip}\t${domain === undefined ? name : `${name}.${domain} ${name}`}\n`;
    })
    .join('');
}

/**
 * A YAML inventory: every node, and a group for each profile and each system. Their names have a prefix because Ansible
 * mixes up a group and a host of the same name. Every string is quoted as JSON, which YAML reads as it is.
 */
export function ansibleInventory(hosts: readonly Host[], domain: string | undefined): string {
  const head = '# Written by `pilotlight export ansible-inventory`: ansible-inventory -i FILE --list\nall:';
  if (hosts.length === 0) return `${head} {}\n`;
  const lines = [
    head,
    '  hosts:',
    ...hosts.flatMap((host) => [
      `    ${JSON.stringify(host.name)}:`,
      ...variables(host, domain).map(([key, value]) => `      ${key}: ${JSON.stringify(value)}`),
    ]),
    '  children:',
    ...groups(hosts).flatMap(([group, members]) => [
      `    ${group}:`,
      '      hosts:',
      ...members.map((name) => `        ${JSON.stringify(name)}: {}`),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** These images have one user for people, and it is not root. */
export const LOGIN_USERS: Partial<Readonly<Record<SystemId, string>>> = {
  coreos: 'core',
  flatcar: 'core',
  'fedora-coreos': 'core',
};

function variables(host: Host, domain: string | undefined): readonly (readonly [string, string])[] {
  const address = host.ip ?? (domain === undefined ? host.name : `${host.name}.${domain}`);
  const user = LOGIN_USERS[host.system];
  return [
    ['ansible_host', address],
    ...(user === undefined ? [] : [['ansible_user', user] as const]),
    ...(host.mac === undefined ? [] : [['pilotlight_mac', host.mac] as const]),
    ['pilotlight_profile', host.profile],
  ];
}

function groups(hosts: readonly Host[]): readonly (readonly [string, readonly string[]])[] {
  const found = new Map<string, string[]>();
  for (const { name, profile, system } of hosts) {
    // Two profiles may differ only in characters that a group's name cannot have: their machines share a group then.
    for (const group of [`profile_${profile}`, `system_${system}`].map((text) =>
      text.replaceAll(/[^A-Za-z0-9_]/g, '_'),
    )) {
      const members = found.get(group) ?? [];
      members.push(name);
      found.set(group, members);
    }
  }
  return [...found].toSorted(([a], [b]) => compare(a, b));
}
