import { Failure } from '../../model/failure.ts';
import type { MachineFacts } from '../../model/facts.ts';
import type { Node, Profile } from '../../model/profile.ts';

type Profiles = Iterable<Pick<Profile, 'file' | 'nodes'>>;

// RFC 1123, 2.1: what DNS, DHCP and libvirt take in any case. The schema lets more through; what we make up does not.
const HOST =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
/** What a system calls itself that was never given a name. */
const NAMELESS = /^(?:localhost|debian|ubuntu|flatcar|coreos|fedora|ipxe|none)(?:\.|$)/i;

/**
 * What a machine that is adopted is called: as it calls itself, if that is a host's name and free; else `node-` and the
 * end of its MAC. Names are free or not whatever their case: DNS, Ansible and libvirt know each only once.
 */
export function nameFor(facts: MachineFacts, profiles: Profiles): string {
  const taken = takenNames(profiles);
  const isFree = (name: string): boolean => !taken.has(name.toLowerCase());
  const { hostname } = facts;
  if (hostname !== undefined && HOST.test(hostname) && !NAMELESS.test(hostname) && isFree(hostname)) return hostname;
  const digits = (facts.mac ?? facts.uuid ?? facts.serial ?? '').toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const short = `node-${digits.slice(-6) || '1'}`;
  if (isFree(short)) return short;
  const long = `node-${digits.slice(-32)}`;
  for (let number = 2; ; number += 1) {
    const name = number === 2 && isFree(long) ? long : `${short}-${String(number)}`;
    if (isFree(name)) return name;
  }
}

/** Throws Failure `conflict` for a name that another node has, and `invalid` for one that is none. */
export function checkName(name: string, profiles: Profiles, own: Node | undefined): void {
  if (!/^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._-]{0,252}$/.test(name) || name.split('.').some((part) => part.length > 63)) {
    throw new Failure('invalid', 'this cannot be the name of a node', {
      remedy: "a node's name is a host name: letters, digits, dot, hyphen and underscore, at most 63 between two dots",
    });
  }
  for (const { file, nodes } of profiles) {
    const twin = nodes.some((node) => node !== own && node.name.toLowerCase() === name.toLowerCase());
    if (twin) throw new Failure('conflict', `${file} has a node ${name} already`, { remedy: 'choose another name' });
  }
}

function takenNames(profiles: Profiles): ReadonlySet<string> {
  return new Set([...profiles].flatMap(({ nodes }) => nodes.map(({ name }) => name.toLowerCase())));
}
