import type { Problem } from '../domain/problem.ts';
import { IDENTITY_KEYS, identityOf } from './identity.ts';
import { canonicalAddress } from './ip-address.ts';
import { pathText, type JsonPath } from './positions.ts';
import type { ReadProfile } from './read-profile.ts';

const DEFAULT = 'default';

/** What only one profile may have: every machine's identities, and being the default. `where` counts the claims. */
export function profileClaims(read: ReadProfile, claim: (id: string, where: number) => void): void {
  const { nodes } = read.profile;
  for (const [index, node] of nodes.entries()) {
    for (const [offset, key] of IDENTITY_KEYS.entries()) {
      const value = identityOf(node, key);
      if (value !== undefined) claim(`${key} ${value}`, index * IDENTITY_KEYS.length + offset);
    }
  }
  if (read.profile.default) claim(DEFAULT, -1);
}

/** Says of two profiles that they claim the same, naming both places. */
export function claimProblem(
  id: string,
  loser: ReadProfile,
  where: number,
  winner: ReadProfile,
  there: number,
): Problem {
  const { file } = loser.profile;
  const path = claimPath(where);
  const { line } = winner.locator.value(claimPath(there));
  const other = `${winner.profile.file}:${line}`;
  const [message, remedy] =
    id === DEFAULT
      ? [`${other} is the default profile already`, 'leave "default": true in one of them']
      : [`${id} is claimed by ${other} too`, 'leave the machine in one of them'];
  return { severity: 'error', message, place: { file, key: pathText(path), ...loser.locator.value(path) }, remedy };
}

function claimPath(where: number): JsonPath {
  if (where < 0) return [DEFAULT];
  const count = IDENTITY_KEYS.length;
  return ['nodes', Math.floor(where / count), IDENTITY_KEYS[where % count] ?? 'mac'];
}

const MAX_SHARED = 20;

/** Names and addresses that machines of several profiles share: possible, but hardly meant. */
export function sharedByProfiles(profiles: readonly ReadProfile[]): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, { readonly read: ReadProfile; readonly path: JsonPath }>();
  for (const read of profiles) {
    for (const [index, node] of read.profile.nodes.entries()) {
      look('name', node.name.toLowerCase(), read, index);
      if (node.ip !== undefined) look('ip', canonicalAddress(node.ip), read, index);
    }
  }
  return problems;

  function look(key: 'name' | 'ip', value: string | undefined, read: ReadProfile, index: number): void {
    if (value === undefined) return;
    const path = ['nodes', index, key];
    const other = seen.get(`${key} ${value}`);
    if (other === undefined) seen.set(`${key} ${value}`, { read, path });
    else if (other.read !== read && problems.length < MAX_SHARED) {
      const there = `${other.read.profile.file}:${other.read.locator.value(other.path).line}`;
      const place = { file: read.profile.file, key: pathText(path), ...read.locator.value(path) };
      const message = `a machine in ${there} has the ${key} ${value} too`;
      problems.push({ severity: 'warning', message, place, remedy: `give every machine its own ${key}` });
    }
  }
}
