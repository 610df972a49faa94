import { IDENTITY_KEYS, knownBy } from '../model/machine.ts';
import type { Profile } from '../model/profile.ts';
import { type Path } from '../text/text.ts';

/**
 * One spelling for one address, for comparing: IPv4 as it is, IPv6 as eight groups of hexadecimal digits. Undefined
 * for anything that is not an address.
 */
export function canonicalAddress(text: string): string | undefined {
  return text.includes(':') ? sixGroups(text)?.join(':') : isFour(text) ? text : undefined;
}

// No leading zeros: some programs read 010 as octal (RFC 6943, 3.1.1).
const FOUR = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

function isFour(text: string): boolean {
  return FOUR.test(text);
}

/** RFC 4291, 2.2: groups, at most one `::`, and possibly an IPv4 address at the end. */
function sixGroups(text: string): readonly string[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const left = expanded(head, tail === undefined);
  const right = tail === undefined ? [] : expanded(tail, true);
  if (left === undefined || right === undefined) return undefined;
  const gap = 8 - left.length - right.length;
  if (tail === undefined ? gap !== 0 : gap < 1) return undefined;
  return [...left, ...Array.from({ length: gap }, () => '0'), ...right];
}

function expanded(groups: readonly string[], last: boolean): readonly string[] | undefined {
  const found: string[] = [];
  for (const [index, group] of groups.entries()) {
    if (last && index === groups.length - 1 && isFour(group)) {
      const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
      found.push((a * 256 + b).toString(16), (c * 256 + d).toString(16));
    } else if (/^[0-9a-f]{1,4}$/i.test(group)) found.push(Number.parseInt(group, 16).toString(16));
    else return undefined;
  }
  return found;
}

/** What only one may have, as one text: `mac 52:54:00:55:1c:ee`. Made once for a version of a file: they are many. */
export interface Claim {
  readonly id: string;
  /** Which node, -1 for the profile itself. */
  readonly node: number;
  readonly key: 'mac' | 'uuid' | 'serial' | 'default' | 'name' | 'ip';
}

export const DEFAULT_CLAIM = 'default';

/** What no two profiles may have: every machine's identities, and being the default. */
export function exclusiveClaims(profile: Profile): readonly Claim[] {
  const claims: Claim[] = [];
  for (const [node, of] of profile.nodes.entries()) {
    for (const key of IDENTITY_KEYS) {
      const value = knownBy(of, key);
      if (value !== undefined) claims.push({ id: `${key} ${value}`, node, key });
    }
  }
  if (profile.default) claims.push({ id: DEFAULT_CLAIM, node: -1, key: 'default' });
  return claims;
}

/** What two machines can share, but hardly ever should: names and addresses. */
export function sharedClaims(profile: Profile): readonly Claim[] {
  const claims: Claim[] = [];
  for (const [node, { name, ip }] of profile.nodes.entries()) {
    claims.push({ id: `name ${name.toLowerCase()}`, node, key: 'name' });
    const address = ip === undefined ? undefined : canonicalAddress(ip);
    if (address !== undefined) claims.push({ id: `ip ${address}`, node, key: 'ip' });
  }
  return claims;
}

/** Where in the file a claim stands. */
export function claimPath({ node, key }: Claim): Path {
  return node < 0 ? [key] : ['nodes', node, key];
}
