import type { Slot } from './slot.ts';

/** One of two files that want the same. */
export interface Claimant<T, C> {
  readonly slot: Slot<T>;
  readonly thing: T;
  readonly claim: C;
}

/** `loser` may not come into force as it is on disk. */
export interface Conflict<T, C> {
  readonly loser: Claimant<T, C>;
  readonly winner: Claimant<T, C>;
}

/**
 * Finds who claims what somebody else has. The file whose version in force holds the claim keeps it, also through its
 * own edits; else the file that changed last loses, and of files that changed together the later name.
 */
export function findConflicts<T, C extends { readonly id: string }>(
  slots: readonly Slot<T>[],
  chosen: (slot: Slot<T>) => T | undefined,
  claimsOf: (thing: T) => readonly C[],
): readonly Conflict<T, C>[] {
  const conflicts: Conflict<T, C>[] = [];
  const owners = new Map<string, Claimant<T, C>>();
  const before = new Map<T, ReadonlySet<string>>();
  const order = [...slots].sort((a, b) => a.changed - b.changed || (a.file < b.file ? -1 : 1));
  for (const slot of order) {
    const thing = chosen(slot);
    if (thing === undefined) continue;
    for (const claim of claimsOf(thing)) {
      const ours = { slot, thing, claim };
      const owner = owners.get(claim.id);
      if (owner === undefined) owners.set(claim.id, ours);
      else if (owner.slot !== slot) {
        const [winner, loser] = !had(owner.slot, claim.id) && had(slot, claim.id) ? [ours, owner] : [owner, ours];
        owners.set(claim.id, winner);
        conflicts.push({ loser, winner });
      }
    }
  }
  return conflicts;

  function had({ inForce }: Slot<T>, id: string): boolean {
    if (inForce === undefined) return false;
    const known = before.get(inForce) ?? new Set(claimsOf(inForce).map((claim) => claim.id));
    before.set(inForce, known);
    return known.has(id);
  }
}
