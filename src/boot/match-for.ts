import type { Match, Snapshot } from '../catalog/snapshot.ts';
import type { Question } from './boot-service.ts';

/** What machines get that no profile names: the setting of the same name. */
export interface UnknownPolicy {
  readonly show: 'wait' | 'menu';
  /** 0: the menu waits for a person. */
  readonly timeoutSeconds: number;
  /** What the menu chooses by itself: `wait`, `local` or a profile's name. */
  readonly choice: string;
}

export const WAIT: UnknownPolicy = { show: 'wait', timeoutSeconds: 0, choice: 'wait' };

/**
 * Which profile answers a question. Whoever answers for a machine asks here, never the snapshot alone: with the menu on,
 * the answer to a machine that nobody knows is the profile that was chosen at its screen. The choice travels in the
 * query of everything that the machine asks from then on (`profile=NAME`: see identityQuery), and counts only where no
 * file names the machine, none is the default, and the profile offers itself in the menu.
 */
export function matchFor(
  { facts, choice }: Pick<Question, 'facts' | 'choice'>,
  snapshot: Pick<Snapshot, 'match' | 'held' | 'profiles'>,
  unknown: Pick<UnknownPolicy, 'show'>,
): Match | undefined {
  const match = snapshot.match(facts);
  if (match !== undefined || choice === undefined || unknown.show !== 'menu') return match;
  const profile = snapshot.profiles.get(choice);
  // A machine that a broken file names waits until the file is mended.
  if (profile?.menu === undefined || snapshot.held(facts) !== undefined) return undefined;
  return { profile, by: 'choice' };
}
