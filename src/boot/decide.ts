import type { Match, Snapshot } from '../catalog/snapshot.ts';
import { type Claims, type LifeQuestion, type MarkView, NO_MARKS } from '../machines/claims.ts';
import type { Life } from '../machines/life.ts';
import { type Asker, type InstallMark, isOnceInstall } from '../machines/mark.ts';
import { asFailure, Failure } from '../model/failure.ts';
import { identityOf, type InstallIdentity, type MachineFacts, omitUndefined } from '../model/machine.ts';
import { logTarget, type Plan, type Question, TOKEN_SLOT } from '../model/plan.ts';
import { type BuiltProfile, builds, buildOf, type Profile, RUNS } from '../model/profile.ts';
import type { Access, LinkTokens } from './access.ts';
import { bootFiles, machinePlan, noProcessor } from './machine-plan.ts';

type Who = Omit<Question, 'origin'>;

const SLOT: LinkTokens = { boot: TOKEN_SLOT };

/** Who a machine is to its profile, and where it is in its life. */
export interface FoundMachine {
  readonly match: Match;
  /** The profile for the machine's processor; undefined where that decides, and it does not say which it has. */
  readonly build: BuiltProfile | undefined;
  /** Under which its installation is remembered; undefined for a machine that says neither MAC, UUID nor serial number. */
  readonly identity: InstallIdentity | undefined;
  readonly installState: InstallState;
  /** What its marks are asked, where its profile installs. */
  readonly life: LifeQuestion | undefined;
}

/** What a machine gets, and all that this rests on: nothing is matched or planned a second time. */
export interface MachineDecision extends FoundMachine {
  readonly question: Question;
  /** What it boots or is installed with, where its state lets it and nothing is in the way. */
  readonly plan?: Plan;
  /** Why it waits although its state lets it boot. */
  readonly obstacle?: Obstacle;
  /** What the addresses of the plan carry: the slot for a token, until the machine may have its own. */
  readonly tokens?: LinkTokens;
}

/** Where a machine is in its life, as far as it decides what it gets. */
export type InstallState =
  /** It boots its profile's image, each time. */
  | { readonly kind: 'boot' }
  /** Its own disk: its profile says so, or (with a mark) it is installed. */
  | { readonly kind: 'local'; readonly mark?: InstallMark }
  /** It says nothing of itself: it would be installed at each of its boots. */
  | { readonly kind: 'nameless' }
  /** Its profile installs: see docs/lifecycle.md. */
  | Life;

export type Obstacle =
  /** Its profile keeps secrets, and the address that asks is not known to be the machine's. */
  | { readonly kind: 'stranger'; readonly message: string }
  /** Its processor cannot run the kernel. */
  | { readonly kind: 'arch'; readonly message: string }
  /** It decides what is booted, and was not said. */
  | { readonly kind: 'processor'; readonly message: string }
  /** The profile's files make no kernel line, or no document, for it. */
  | { readonly kind: 'plan' | 'document'; readonly failure: Failure }
  /** Below images/: not there yet. */
  | { readonly kind: 'images'; readonly missing: readonly string[] };

/** What machines get that no profile names, and the menu of tools for those that one names: the settings. */
export interface UnknownPolicy {
  readonly show: 'wait' | 'menu';
  /** 0: the menu waits for a person. */
  readonly timeoutSeconds: number;
  /** What the menu chooses by itself: `wait`, `local` or a profile's name. */
  readonly choice: string;
  /** In which a key at the screen of a known machine opens the menu of tools. Absent: it is not asked. */
  readonly keySeconds?: number;
}

export const WAIT: UnknownPolicy = { show: 'wait', timeoutSeconds: 0, choice: 'wait' };

export interface DecideOptions {
  /** Without them no machine is installed. */
  readonly marks?: MarkView;
  /** Without them every answer is a preview: it says what a machine would get, and hands out nothing. */
  readonly claims?: Claims;
  /** How many installations may begin without a report. */
  readonly installTries?: number;
  readonly unknown?: UnknownPolicy;
  /** Where logs are taken. */
  readonly syslog?: { readonly host: string; readonly port: number } | undefined;
  /** Without it nothing carries a token, and every client counts as the machine that it names. */
  readonly access?: Access | undefined;
  /** The VLAN that every machine boots in, unless its profile names another. */
  readonly vlan?: number | undefined;
  /** This server gives machines their addresses, and names no router. */
  readonly noRouter?: boolean | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * The one place where a machine's profile and its mark come together. `find` and `decide` change nothing: previews ask
 * here, too. `claim` is the only way to an installer.
 */
export function createDecide({
  marks = NO_MARKS,
  claims,
  installTries = 3,
  unknown = WAIT,
  access,
  syslog,
  vlan,
  noRouter,
  now = Date.now,
}: DecideOptions) {
  /** Undefined: no profile is for this machine. */
  function find(question: Who, snapshot: Snapshot): FoundMachine | undefined {
    const own = matchFor(question, snapshot, unknown, marks) ?? installedByChoice(question, snapshot);
    const match = own?.once === undefined ? (onceMatch(question, own, snapshot, marks, 'pending') ?? own) : own;
    if (match === undefined) return undefined;
    const identity = identityOf(question.facts, match);
    const life = identity === undefined ? undefined : lifeQuestion(match, identity, snapshot);
    const installState = installStateOf(match, () => life && marks.life(life, askerOf(question)));
    return { match, build: buildOf(match.profile, question.facts.arch), identity, installState, life };
  }

  /** `plain`: the answer has no place for a token. */
  function decide(question: Question, snapshot: Snapshot, plain = false): MachineDecision | undefined {
    const found = find(question, snapshot);
    if (found === undefined) return undefined;
    const { match, build, installState, identity } = found;
    const carries = !plain && identity !== undefined && access?.carries(match) === true;
    const decision = { ...found, question, ...(carries ? { tokens: SLOT } : {}) };
    if (installState.kind !== 'boot' && installState.kind !== 'install') return decision;
    const message = wrongArch(match, question.facts);
    if (message !== undefined) return { ...decision, obstacle: { kind: 'arch', message } };
    if (build === undefined) {
      const unsaid = noProcessor(match.profile, question.facts);
      return { ...decision, obstacle: { kind: 'processor', message: unsaid } };
    }
    try {
      const { facts, origin } = question;
      const { tokens } = decision;
      const logTo = logTarget(syslog, origin);
      const around = { around: snapshot, build, tokens, logTo, everyVlan: vlan, noRouter };
      const plan = machinePlan(match, { facts, origin, ...around });
      return { ...decision, plan };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { ...decision, obstacle: { kind: 'plan', failure: error } };
    }
  }

  /**
   * What the machine gets after it has asked. An installer is its own only when this says so: the claim is on the disk
   * then; one boot of another profile is used up there. A preview gets what was decided. Undefined: that boot went to
   * another question of the machine meanwhile, so it must be decided anew.
   */
  async function claim(decision: MachineDecision): Promise<MachineDecision | undefined> {
    const { question, plan, life, match, identity } = decision;
    if (plan === undefined || claims === undefined) return decision;
    const asker = askerOf(question);
    if (life === undefined) {
      // Who says no address gets no body either (HEAD): nothing is used up by that.
      if (match.once === 'pending' && identity !== undefined && asker !== undefined) {
        const taken = await claims.takeOnce(identity, match.profile.name).catch(asFailure);
        if (taken instanceof Failure) return { ...decision, obstacle: { kind: 'plan', failure: taken } };
        if (!taken) return undefined;
      }
      return withToken(decision, 0);
    }
    if (asker === undefined) {
      const why = 'it does not say from which address it asks, so it cannot be told from others';
      return { ...decision, installState: { kind: 'unknown', why } };
    }
    const file = bootFiles(plan).at(-1);
    const blind = file === undefined && !comesBack(plan, question.origin);
    const carries = plan.args.some((arg) => arg.includes(TOKEN_SLOT));
    const installState = await claims.claim({ ...life, asker, file, blind, carries });
    if (installState === undefined) return undefined;
    const claimed = { ...decision, installState };
    return installState.kind === 'install' ? withToken(claimed, installState.tokens ?? 0) : claimed;
  }

  /** What it boots, with the machine's own token in the place of the slot. */
  function withToken(decision: MachineDecision, claim: number): MachineDecision {
    const { plan, identity, question, tokens } = decision;
    if (plan === undefined || tokens === undefined || identity === undefined || access === undefined) return decision;
    const own = access.issue(identity, claim, question.asker);
    const args = plan.args.map((arg) => arg.replaceAll(TOKEN_SLOT, own.boot));
    return { ...decision, plan: { ...plan, args }, tokens: own };
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
    const target = { profile: name, disk: install.disk };
    const once = match.once === 'chosen' ? undefined : match.once;
    return { who, target, limit: once === undefined ? installTries : 1, now: now(), listed, once };
  }

  /** A machine that a person installed from the menu comes back without a word of it: it must not meet the menu again. */
  function installedByChoice({ facts }: Who, snapshot: Snapshot): Match | undefined {
    const who = unknown.show === 'menu' ? identityOf(facts) : undefined;
    const mark = who === undefined ? undefined : marks.of(who);
    if (mark?.state !== 'installed' || snapshot.held(facts) !== undefined) return undefined;
    const profile = snapshot.profiles.get(mark.profile);
    return profile?.menu === undefined || profile.install === undefined ? undefined : { profile, by: 'choice' };
  }

  function saw({ match, identity, question }: MachineDecision, snapshot: Snapshot): void {
    if (claims !== undefined && question.asker !== undefined && snapshot.installs) remember(claims, identity, match.by);
  }

  return { find, decide, claim, saw };
}

/** What the machine says of itself is remembered where it may keep another card of it from an installer. */
export function remember(
  claims: Pick<Claims, 'saw'>,
  who: InstallIdentity | undefined,
  by: Match['by'] | undefined,
): void {
  if (who !== undefined) claims.saw(who, by === 'mac' || by === 'uuid' || by === 'serial');
}

/**
 * Which profile answers a question. Every answer for a machine begins here, never at the snapshot alone: with the menu on,
 * the answer to a machine that no profile names is the profile that was chosen at its screen. The choice travels in the
 * query of everything that the machine asks from then on (`profile=NAME`: see identityQuery), and counts only where no
 * file names the machine, none is the default, and the profile offers itself in the menu. With the menu of tools on it
 * counts for other machines, too, for what harms none: see `isTool`.
 */
export function matchFor(
  { facts, choice }: Who,
  snapshot: Pick<Snapshot, 'match' | 'held' | 'profiles'>,
  unknown: Pick<UnknownPolicy, 'keySeconds' | 'show'>,
  marks?: Pick<MarkView, 'of' | 'onces'>,
): Match | undefined {
  const match = snapshot.match(facts);
  const once =
    choice === undefined || marks === undefined ? undefined : onceMatch({ facts }, match, snapshot, marks, 'used');
  if (once !== undefined && once.profile.name === choice) return once;
  if (choice === undefined) return match;
  const profile = snapshot.profiles.get(choice);
  if (match !== undefined) {
    const chosen = unknown.keySeconds !== undefined && profile !== undefined && isTool(profile);
    return chosen && profile.name !== match.profile.name ? instead(match, profile, 'chosen') : match;
  }
  if (unknown.show !== 'menu') return undefined;
  // A machine that a broken file names waits until the file is mended.
  if (profile?.menu === undefined || snapshot.held(facts) !== undefined) return undefined;
  return { profile, by: 'choice' };
}

/**
 * The profile that the machine boots once (`pending`), or booted last in that way (`used`: it may ask for that profile's
 * documents, by name). An installer only where an operator said that the disk may be erased, and only for a machine that
 * has a profile of its own to come back to.
 */
function onceMatch(
  { facts }: Pick<Who, 'facts'>,
  own: Match | undefined,
  { profiles, held }: Pick<Snapshot, 'held' | 'profiles'>,
  marks: Pick<MarkView, 'of' | 'onces'>,
  when: 'pending' | 'used',
): Match | undefined {
  if (marks.onces.size === 0) return undefined;
  const who = identityOf(facts, own);
  const mark = who === undefined ? undefined : marks.of(who);
  if (mark?.once === undefined || (mark.once.used === undefined) !== (when === 'pending')) return undefined;
  const profile = profiles.get(mark.once.profile);
  if (profile === undefined || profile.boot === 'local') return undefined;
  if (profile.install !== undefined) {
    if (own === undefined || mark.once.disk === undefined) return undefined;
    if (when === 'used' && !isOnceInstall(mark)) return undefined;
  }
  if (own !== undefined) return instead(own, profile, when);
  return held(facts) === undefined ? { profile, by: 'choice', once: when } : undefined;
}

/** The machine as its own profile knows it, before another one. What a profile keeps to its machines stays there. */
function instead({ by, node, profile: own }: Match, profile: Profile, once: Match['once']): Match {
  if (!own.secrets || profile.secrets) return omitUndefined({ profile, by, node, once });
  return omitUndefined({ profile, by, node: node && { ...node, vars: {} }, once, bare: true as const });
}

/** What the menu always offers. A profile of such a name cannot be chosen: the word means this, in the setting too. */
export const WAITS = 'wait';
export const LOCAL = 'local';
/** By which the menu of tools itself is asked for. */
export const TOOLS = 'menu';

/** Whether people at the screen of any known machine may choose it: it has a title, erases nothing and keeps no secrets. */
export function isTool({ name, menu, install, secrets, boot }: Profile): boolean {
  const word = name === WAITS || name === LOCAL || name === TOOLS;
  return menu !== undefined && install === undefined && !secrets && boot !== 'local' && !word;
}

/** `life`: how far its installation is; undefined for a machine that says neither MAC, UUID nor serial number. */
export function installStateOf({ profile }: Pick<Match, 'profile'>, life: () => Life | undefined): InstallState {
  if (profile.boot === 'local') return { kind: 'local' };
  if (profile.install === undefined) return { kind: 'boot' };
  return life() ?? { kind: 'nameless' };
}

/**
 * `this machine is arm64, profiles/u.json boots amd64`; undefined when they fit, or when either side does not say. The
 * kernel of a `custom` profile may be for any processor as long as the profile does not name its `arch`.
 */
export function wrongArch({ profile }: Match, { arch }: MachineFacts): string | undefined {
  const said = profile.system !== 'custom' || profile.raw['arch'] !== undefined;
  const all = builds(profile);
  if (!said || arch === undefined || all.some((build) => RUNS[build.arch].includes(arch))) return undefined;
  return `this machine is ${arch}, ${profile.file} boots ${all.map((build) => build.arch).join(' and ')}`;
}

function askerOf({ asker, facts: { mac } }: Who): Asker | undefined {
  return asker === undefined ? undefined : { address: asker, mac };
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
