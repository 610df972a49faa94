import type { ProfileRow } from '../../model/office-views.ts';
import { plural } from './format.ts';

/** Whether a profile is all right, in words, with a shape (`shape-good`, `shape-warn`, `shape-bad`). */
export interface Validity {
  readonly shape: 'good' | 'warn' | 'bad';
  readonly word: string;
  /** What that means for machines. */
  readonly detail: string | undefined;
}

export function validityOf({ problems, inForce }: Pick<ProfileRow, 'problems' | 'inForce'>): Validity {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (!inForce) return { shape: 'bad', word: 'Not in force', detail: 'no good version of it was ever there' };
  if (errors > 0) {
    return { shape: 'bad', word: plural(errors, 'error'), detail: 'its last good version stays in force' };
  }
  if (problems.length > 0) return { shape: 'warn', word: plural(problems.length, 'warning'), detail: undefined };
  return { shape: 'good', word: 'Valid', detail: undefined };
}
