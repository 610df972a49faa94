import { Failure } from '../model/failure.ts';
import type { Mac } from '../model/mac.ts';
import type { Profile, SystemId } from '../model/profile.ts';
import { isIpv4 } from './ipv4.ts';

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
        const place = { file: profile.file, key: `nodes[${String(index)}]` };
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
          ...(node.mac === undefined ? {} : { mac: node.mac }),
          ...(node.ip === undefined ? {} : { ip: node.ip }),
          family,
          profile: profile.name,
          file: profile.file,
          system: profile.system,
          ...(profile.ssh_host_keys ? { keepsKey: true as const } : {}),
        };
      }),
    )
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.mac ?? '', b.mac ?? '') || compare(a.file, b.file));
  for (const key of ['name', 'ip'] as const) refuseTwins(hosts, key);
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
function refuseTwins(hosts: readonly Host[], key: 'name' | 'ip'): void {
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
