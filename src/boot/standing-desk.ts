import type { Match, Snapshot } from '../catalog/snapshot.ts';
import type { Plan } from '../model/plan.ts';
import { NO_MARKS, type Claims, type LifeQuestion, type MarkView } from '../machines/claims.ts';
import type { Asker, InstallIdentity, InstallMark } from '../machines/mark.ts';
import type { Question } from './boot-service.ts';
import { installIdentity } from './install-identity.ts';
import { bootFiles } from './machine-plan.ts';
import { matchFor, WAIT, type UnknownPolicy } from './match-for.ts';
import { standingOf, type Standing } from './decide.ts';

export interface StandingDeskOptions {
  /** Without them no machine is installed. */
  readonly marks?: MarkView;
  /** Without them every answer is a preview: it says what a machine would get, and hands out nothing. */
  readonly claims?: Claims;
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
  /** What its marks are asked, where its profile installs. */
  readonly life?: LifeQuestion;
}

type Who = Pick<Question, 'asker' | 'choice' | 'facts' | 'origin'>;

/**
 * The one place where a machine's profile and its mark come together. `find` changes nothing: previews ask here, too.
 * `claim` is the only way to an installer.
 */
export function createStandingDesk({
  marks = NO_MARKS,
  claims,
  installTries = 3,
  unknown = WAIT,
  now = Date.now,
}: StandingDeskOptions) {
  /** Undefined: no profile is for this machine. */
  function find(question: Omit<Who, 'origin'>, snapshot: Snapshot): Placed | undefined {
    const { facts } = question;
    const match = matchFor(question, snapshot, unknown) ?? installedByChoice(question, snapshot);
    if (match === undefined) return undefined;
    const who = installIdentity(match, facts);
    const life = who === undefined ? undefined : lifeQuestion(match, who, snapshot);
    const standing = standingOf(match, () => (life === undefined ? undefined : marks.life(life, askerOf(question))));
    return life === undefined ? { match, standing } : { match, standing, life };
  }

  function lifeQuestion(match: Match, who: InstallIdentity, snapshot: Snapshot): LifeQuestion | undefined {
    const { name, install } = match.profile;
    if (install === undefined) return undefined;
    // That two of its nodes share a serial number is the operator's affair; a UUID is one machine's.
    const listed = ({ machine }: InstallMark): boolean => {
      if (match.node !== undefined) return false;
      const by = snapshot.match(machine)?.by;
      return by !== undefined && by !== 'default';
    };
    return { who, target: { profile: name, disk: install.disk }, limit: installTries, now: now(), listed };
  }

  /** A machine that a person installed from the menu comes back without a word of it: it must not meet the menu again. */
  function installedByChoice({ facts }: Pick<Question, 'facts'>, snapshot: Snapshot): Match | undefined {
    const who = unknown.show === 'menu' ? installIdentity({ by: 'choice' }, facts) : undefined;
    const mark = who === undefined ? undefined : marks.of(who);
    if (mark?.state !== 'installed' || snapshot.held(facts) !== undefined) return undefined;
    const profile = snapshot.profiles.get(mark.profile);
    return profile?.menu === undefined || profile.install === undefined ? undefined : { profile, by: 'choice' };
  }

  /**
   * Where the machine is after it has asked for what `find` says. An installer is its own only when this says so: the
   * claim is on the disk then. What a preview is told stays what it is.
   */
  async function claim(placed: Placed, question: Who, plan: Plan): Promise<Placed> {
    if (placed.standing.kind !== 'install' || claims === undefined || placed.life === undefined) return placed;
    const asker = askerOf(question);
    if (asker === undefined) {
      const why = 'it does not say from which address it asks, so it cannot be told from others';
      return { ...placed, standing: { kind: 'unknown', why } };
    }
    const file = bootFiles(plan).at(-1);
    const blind = file === undefined && !comesBack(plan, question.origin);
    return { ...placed, standing: await claims.claim({ ...placed.life, asker, file, blind }) };
  }

  /** What the machine says of itself is remembered where it may keep another card of it from an installer. */
  function saw({ facts, asker }: Pick<Who, 'asker' | 'facts'>, snapshot: Snapshot): void {
    if (claims === undefined || asker === undefined || !snapshot.installs) return;
    const match = snapshot.match(facts) ?? { by: 'choice' as const };
    const who = installIdentity(match, facts);
    if (who !== undefined) claims.saw(who, match.by !== 'default' && match.by !== 'choice');
  }

  return { find, claim, saw, generation: () => marks.generation() };
}

function askerOf({ asker, facts }: Pick<Question, 'asker' | 'facts'>): Asker | undefined {
  return asker === undefined ? undefined : { address: asker, ...(facts.mac === undefined ? {} : { mac: facts.mac }) };
}

/** A document of ours, of this machine: what its installer asks for, and by which it is known. */
const OWN_DOCUMENT =
  /\/(?:(?:configs\/[^?\s]+|cloud|generic|ignition|metadata)\?(?:\S*&)?(?:mac|uuid|serial)=|(?:install|nocloud)\/)/;

/**
 * Whether a machine that boots the plan asks us for something by which its installation is seen to begin. An address to
 * report to is none: an installer that fails before it would be handed out for ever, and count as not begun.
 */
function comesBack(plan: Plan, origin: string): boolean {
  return plan.args.some((arg) => arg.includes(origin) && OWN_DOCUMENT.test(arg));
}
