import { Failure } from '../model/failure.ts';
import type { Mac } from '../model/mac.ts';
import { nearest } from '../model/name.ts';
import type { Node, Profile, SystemId } from '../model/profile.ts';

/** An IPv4 network and the address of the router (or of libvirt's bridge) in it. */
export interface Network {
  readonly router: string;
  /** Its first address. */
  readonly base: string;
  readonly netmask: string;
  /** Prefix length. */
  readonly prefix: number;
}

// No leading zeros: some programs read 010 as octal (RFC 6943 3.1.1).
const DOTTED = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

export function isIpv4(text: string): boolean {
  return DOTTED.test(text);
}

/** `192.168.122.1/24`. Undefined for anything else, and for networks without room for a router and a machine. */
export function parseNetwork(text: string): Network | undefined {
  const [router = '', length = '', rest] = text.split('/');
  if (rest !== undefined || !isIpv4(router) || !/^\d{1,2}$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix < 8 || prefix > 30) return undefined;
  const mask = (0xffffffff << (32 - prefix)) >>> 0;
  const base = (numberOf(router) & mask) >>> 0;
  return { router, base: textOf(base), netmask: textOf(mask), prefix };
}

/** A machine's address: not the network's own, not its broadcast address, not the router's. */
export function hasMachine(network: Network, ip: string): boolean {
  const size = 2 ** (32 - network.prefix);
  const offset = numberOf(ip) - numberOf(network.base);
  return offset > 0 && offset < size - 1 && ip !== network.router;
}

/** The half of the network without the router: for machines that no profile names yet, which say on their screen who they are. */
export function poolOf(network: Network): { readonly first: string; readonly last: string } {
  const base = numberOf(network.base);
  const size = 2 ** (32 - network.prefix);
  const half = size / 2;
  const low = numberOf(network.router) - base >= half;
  return { first: textOf(base + (low ? 1 : half)), last: textOf(base + (low ? half - 1 : size - 2)) };
}

function numberOf(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => String((address >>> shift) & 255)).join('.');
}

/** These images have one user for people, and it is not root. */
export const LOGIN_USERS: Partial<Readonly<Record<SystemId, string>>> = {
  coreos: 'core',
  flatcar: 'core',
  'fedora-coreos': 'core',
};

/** A node as its neighbours' files know it. */
export interface Host {
  readonly name: string;
  readonly mac?: Mac;
  readonly ip?: string;
  readonly family: 4 | 6 | undefined;
  readonly profile: string;
  readonly file: string;
  readonly system: SystemId;
  /** Its profile keeps a host key for it. */
  readonly keepsKey?: true;
}

// A host name in the widest sense that the neighbours share; nothing in it means anything to dnsmasq, XML, YAML or a shell.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const LABEL_BYTES = 63;
const NAME_BYTES = 253;
const SIX = /^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$/;

/**
 * Every node of every profile, by name: the order of files and of lines in them changes nothing. Throws Failure
 * `broken` for a name or an address that no DHCP or DNS server takes, and for one that two machines claim.
 */
export function hostsOf(profiles: Iterable<Profile>): readonly Host[] {
  const hosts = [...profiles]
    .flatMap((profile) =>
      profile.nodes.map((node, index): Host => {
        const place = { file: profile.file, key: `nodes[${index}]` };
        if (!NAME.test(node.name) || node.name.length > NAME_BYTES || node.name.split('.').some(isNoLabel)) {
          throw new Failure('broken', `"${node.name}" is no host name`, {
            place,
            remedy: 'letters, digits and hyphens, at most 63 between two dots',
          });
        }
        const family = node.ip === undefined ? undefined : familyOf(node.ip);
        if (node.ip !== undefined && family === undefined) {
          throw new Failure('broken', `"${node.ip}" is no address`, { place, remedy: 'write it as 192.168.122.2' });
        }
        return {
          name: node.name,
          mac: node.mac,
          ip: node.ip,
          family,
          profile: profile.name,
          file: profile.file,
          system: profile.system,
          ...(profile.ssh_host_keys ? { keepsKey: true as const } : {}),
        };
      }),
    )
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.mac ?? '', b.mac ?? '') || compare(a.file, b.file));
  for (const key of ['name', 'ip'] as const) refuseDuplicates(hosts, key);
  return hosts;
}

/**
 * Whether dnsmasq takes it for a name. Digits with an optional unit are a lease time to it, four numbers with dots an
 * address (option.c of dnsmasq 2.90). libvirt writes dnsmasq's files.
 */
export function isPlainName(name: string): boolean {
  return !/^(?:\d+[wdhms]?|infinite|ignore|[\d.]+)$/i.test(name);
}

/** By code points: the same on every machine, whatever its language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNoLabel(label: string): boolean {
  return label === '' || label.length > LABEL_BYTES || label.startsWith('-') || label.endsWith('-');
}

function familyOf(ip: string): 4 | 6 | undefined {
  return isIpv4(ip) ? 4 : SIX.test(ip) ? 6 : undefined;
}

// dnsmasq refuses to start with two reservations of one address; every other format would silently take one of them.
function refuseDuplicates(hosts: readonly Host[], key: 'name' | 'ip'): void {
  const seen = new Map<string, Host>();
  for (const host of hosts) {
    const value = host[key]?.toLowerCase();
    if (value === undefined) continue;
    const twin = seen.get(value);
    if (twin !== undefined) {
      throw new Failure('broken', `${key} ${value} belongs to a machine of ${twin.file} and to one of ${host.file}`, {
        place: { file: host.file },
        remedy: `give every machine its own ${key}`,
      });
    }
    seen.set(value, host);
  }
}

/**
 * A YAML inventory: every node, and a group for each profile and each system. Their names have a prefix because Ansible
 * mixes up a group and a host of the same name. Every string is quoted as JSON, which YAML reads as it is.
 */
export function ansibleInventory(hosts: readonly Host[], domain: string | undefined): string {
  const lines = [
    '# Written by `pilotlight export ansible-inventory`: ansible-inventory -i FILE --list',
    'all:',
    '  hosts:',
  ];
  if (hosts.length === 0) return `${lines.slice(0, 2).join('\n')} {}\n`;
  for (const host of hosts) {
    lines.push(`    ${quoted(host.name)}:`);
    for (const [key, value] of variables(host, domain)) lines.push(`      ${key}: ${quoted(value)}`);
  }
  lines.push('  children:');
  for (const [group, members] of groups(hosts)) {
    lines.push(`    ${group}:`, '      hosts:', ...members.map((name) => `        ${quoted(name)}: {}`));
  }
  return `${lines.join('\n')}\n`;
}

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
  for (const host of hosts) {
    // Two profiles may differ only in characters that a group's name cannot have: their machines share a group then.
    for (const group of [`profile_${word(host.profile)}`, `system_${word(host.system)}`]) {
      const members = found.get(group) ?? [];
      members.push(host.name);
      found.set(group, members);
    }
  }
  return [...found].toSorted(([a], [b]) => compare(a, b));
}

function word(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_]/g, '_');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** The node of that name. Throws Failure `not-found` with the nearest one's name. */
export function findNode(profiles: Iterable<Profile>, name: string): { profile: Profile; node: Node } {
  const all = [...profiles].flatMap((profile) => profile.nodes.map((node) => ({ profile, node })));
  const found = all.find(({ node }) => node.name === name);
  if (found !== undefined) return found;
  const near = nearest(
    name,
    all.map(({ node }) => node.name),
  );
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
