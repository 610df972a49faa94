import type { Slot } from './slot.ts';

/** Calls back for everything that no two files may have at once. `where` tells claims of one file apart. */
export type ClaimsOf<T> = (thing: T, claim: (id: string, where: number) => void) => void;

/** One of two files that want the same. */
export interface Claimant<T> {
  readonly slot: Slot<T>;
  readonly thing: T;
  readonly where: number;
}

/** `loser` may not come into force as it is on disk. */
export interface Conflict<T> {
  readonly id: string;
  readonly loser: Claimant<T>;
  readonly winner: Claimant<T>;
}

/**
 * Finds who claims what somebody else has. What was in force before stands first, and a file that already held the
 * claim keeps it; else the file that changed last loses, and of files that changed together the later name.
 */
export function findConflicts<T>(
  slots: readonly Slot<T>[],
  chosen: (slot: Slot<T>) => T | undefined,
  claimsOf: ClaimsOf<T>,
): readonly Conflict<T>[] {
  const conflicts: Conflict<T>[] = [];
  const owners = new Map<string, Claimant<T>>();
  const before = new Map<T, Set<string>>();
  const rank = (slot: Slot<T>): number => (chosen(slot) === slot.inForce ? 0 : slot.changed);
  const order = [...slots].sort((a, b) => rank(a) - rank(b) || (a.file < b.file ? -1 : 1));
  for (const slot of order) {
    const thing = chosen(slot);
    if (thing === undefined) continue;
    claimsOf(thing, (id, where) => {
      const owner = owners.get(id);
      const ours = { slot, thing, where };
      if (owner === undefined) owners.set(id, ours);
      else if (owner.slot !== slot) {
        const [winner, loser] = !had(owner.slot, id) && had(slot, id) ? [ours, owner] : [owner, ours];
        owners.set(id, winner);
        conflicts.push({ id, loser, winner });
      }
    });
  }
  return conflicts;

  function had(slot: Slot<T>, id: string): boolean {
    return slot.inForce !== undefined && heldBefore(slot.inForce).has(id);
  }

  function heldBefore(thing: T): ReadonlySet<string> {
    const known = before.get(thing) ?? new Set<string>();
    if (!before.has(thing)) claimsOf(thing, (id) => known.add(id));
    before.set(thing, known);
    return known;
  }
}
