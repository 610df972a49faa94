import { IDENTITY_KEYS, type IdentityKey, identityOf } from '../catalog/identity.ts';
import type { Match, Snapshot } from '../catalog/snapshot.ts';
import { type Claims, type LifeQuestion, type MarkView, NO_MARKS } from '../machines/claims.ts';
import type { Life } from '../machines/life.ts';
import type { Asker, InstallIdentity, InstallMark, MachineIdentity } from '../machines/mark.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { Plan } from '../model/plan.ts';
import type { Node } from '../model/profile.ts';
import { isSharedSerial, isSharedUuid } from '../model/uuid.ts';
import type { Question } from './boot-service.ts';
import { bootFiles } from './machine-plan.ts';
import { omitUndefined } from '../model/omit-undefined.ts';

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

/** Where a machine is in its life, as far as it decides what it gets. */
export type InstallState =
  /** It boots its profile's image, each time. */
  | { readonly kind: 'boot' }
  /** Its own disk: its profile says so, or (with a mark) it is installed. */
  | { readonly kind: 'local'; readonly mark?: InstallMark | undefined }
  /** It says nothing of itself: it would be installed at each of its boots. */
  | { readonly kind: 'nameless' }
  /** Its profile installs: see docs/lifecycle.md. */
  | Life;

/** `life`: how far its installation is; undefined for a machine that says neither MAC, UUID nor serial number. */
export function installStateOf({ profile }: Pick<Match, 'profile'>, life: () => Life | undefined): InstallState {
  if (profile.boot === 'local') return { kind: 'local' };
  if (profile.install === undefined) return { kind: 'boot' };
  return life() ?? { kind: 'nameless' };
}

export interface DecideOptions {
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
export interface MatchedMachine {
  readonly match: Match;
  readonly installState: InstallState;
  /** What its marks are asked, where its profile installs. */
  readonly life?: LifeQuestion;
}

type Who = Pick<Question, 'asker' | 'choice' | 'facts' | 'origin'>;

/**
 * The one place where a machine's profile and its mark come together. `find` changes nothing: previews ask here, too.
 * `claim` is the only way to an installer.
 */
export function createDecide({
  marks = NO_MARKS,
  claims,
  installTries = 3,
  unknown = WAIT,
  now = Date.now,
}: DecideOptions) {
  /** Undefined: no profile is for this machine. */
  function find(question: Omit<Who, 'origin'>, snapshot: Snapshot): MatchedMachine | undefined {
    const { facts } = question;
    const match = matchFor(question, snapshot, unknown) ?? installedByChoice(question, snapshot);
    if (match === undefined) return undefined;
    const who = installIdentity(match, facts);
    const life = who === undefined ? undefined : lifeQuestion(match, who, snapshot);
    const installState = installStateOf(match, () =>
      life === undefined ? undefined : marks.life(life, askerOf(question)),
    );
    return life === undefined ? { match, installState } : { match, installState, life };
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
  async function claim(matched: MatchedMachine, question: Who, plan: Plan): Promise<MatchedMachine> {
    if (matched.installState.kind !== 'install' || claims === undefined || matched.life === undefined) return matched;
    const asker = askerOf(question);
    if (asker === undefined) {
      const why = 'it does not say from which address it asks, so it cannot be told from others';
      return { ...matched, installState: { kind: 'unknown', why } };
    }
    const file = bootFiles(plan).at(-1);
    const blind = file === undefined && !comesBack(plan, question.origin);
    return { ...matched, installState: await claims.claim({ ...matched.life, asker, file, blind }) };
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
  return asker === undefined ? undefined : { address: asker, mac: facts.mac };
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

/**
 * Under which name a machine's installation is remembered: by what decided the match, so that a node matched by its UUID
 * is the same machine when it boots from another network card. Where no file names the machine: its MAC, or what else it
 * says. Undefined for a machine that says nothing of itself: nobody could tell whether it has been installed.
 */
export function installIdentity(
  { by, node }: Pick<Match, 'by' | 'node'>,
  facts: MachineFacts,
): InstallIdentity | undefined {
  const own = ownFacts(facts);
  const unlisted = by === 'default' || by === 'choice';
  const decided = unlisted ? IDENTITY_KEYS.find((one) => own[one] !== undefined) : by;
  const key = decided === undefined ? undefined : keyOf(facts, decided);
  if (key === undefined) return undefined;
  const also = node === undefined ? [] : IDENTITY_KEYS.flatMap((one) => keyOf(node, one) ?? []);
  return { key, also: also.filter((one) => one !== key), machine: own };
}

/** What the machine says of itself that no other says, too. */
function ownFacts({ mac, uuid, serial }: MachineFacts): MachineIdentity {
  return omitUndefined({
    mac,
    ...(uuid === undefined || isSharedUuid(uuid) ? {} : { uuid }),
    ...(serial === undefined || isSharedSerial(serial) ? {} : { serial }),
  });
}

function keyOf(of: Node | MachineFacts, by: IdentityKey): string | undefined {
  const value = identityOf(of, by);
  return value === undefined || by === 'mac' ? value : `${by}:${value}`;
}
