import { canonicalAddress } from '../model/ipv6.ts';
import { IDENTITY_KEYS, knownBy } from '../model/machine.ts';
import type { Profile } from '../model/profile.ts';
import type { Path } from '../text/text.ts';

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
