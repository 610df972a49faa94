import type { Match, Snapshot } from '../catalog/snapshot.ts';
import { NO_MARKS, type MarkView } from '../machines/install-marks.ts';
import type { Question } from './desk.ts';
import { installIdentity } from './install-identity.ts';
import { matchFor, WAIT, type UnknownPolicy } from './match-for.ts';
import { standingOf, type Standing } from './standing.ts';

export interface StandingDeskOptions {
  /** Without them no machine is installed. */
  readonly marks?: MarkView;
  /** How many installations may begin without a report. */
  readonly installTries?: number;
  readonly unknown?: UnknownPolicy;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A machine's profile, and where the machine is in its life. */
export interface Placed {
  readonly match: Match;
  readonly standing: Standing;
}

/** The one place where a machine's profile and its mark come together. Changes nothing: previews ask here, too. */
export function createStandingDesk({
  marks = NO_MARKS,
  installTries = 3,
  unknown = WAIT,
  now = Date.now,
}: StandingDeskOptions) {
  /** Undefined: no profile is for this machine. */
  function find(question: Pick<Question, 'facts' | 'choice'>, snapshot: Snapshot): Placed | undefined {
    const { facts } = question;
    const match = matchFor(question, snapshot, unknown) ?? installedByChoice(question, snapshot);
    if (match === undefined) return undefined;
    const installs = match.profile.install !== undefined;
    const who = installs ? installIdentity(match, facts) : undefined;
    const mark = who === undefined ? undefined : marks.of(who);
    const named = !installs || who !== undefined;
    return { match, standing: standingOf({ match, named, mark, now: now(), limit: installTries }) };
  }

  /** A machine that a person installed from the menu comes back without a word of it: it must not meet the menu again. */
  function installedByChoice({ facts }: Pick<Question, 'facts'>, snapshot: Snapshot): Match | undefined {
    const who = unknown.show === 'menu' ? installIdentity({ by: 'choice' }, facts) : undefined;
    const mark = who === undefined ? undefined : marks.of(who);
    if (mark?.state !== 'installed' || snapshot.held(facts) !== undefined) return undefined;
    const profile = snapshot.profiles.get(mark.profile);
    return profile?.menu === undefined || profile.install === undefined ? undefined : { profile, by: 'choice' };
  }

  return { find, generation: () => marks.generation() };
}
