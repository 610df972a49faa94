import type { Match, Snapshot } from '../catalog/snapshot.ts';
import { againUrl, askProcessor, type MenuKey } from '../ipxe/boot-script.ts';
import { localBootScript } from '../ipxe/local-boot.ts';
import { failureLines, machineLines, menuScript, noticeScript, unknownMachineLines } from '../ipxe/notices.ts';
import { Failure, failureLine, problemFailure } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { Origin, Question } from '../model/plan.ts';
import type { Profile } from '../model/profile.ts';
import type { ScriptAnswer } from './boot-service.ts';
import { isTool, LOCAL, type MachineDecision, TOOLS, type UnknownPolicy, WAITS } from './decide.ts';
import { againOf, SAY_PROCESSOR } from './machine-plan.ts';
import { decided, decisionOf, installStateReason, titleLines, whoIs } from './reasons.ts';

/** A machine that waits asks again after this long; an operator who adopts it sees it boot within ten seconds. */
const PAUSE_SECONDS = 5;

export function notice(lines: readonly string[], again: string): string {
  return noticeScript({ lines, again, pauseSeconds: PAUSE_SECONDS });
}

/** For a machine whose question cannot be read. */
export function explained(failure: Failure, origin: Origin): string {
  return notice(
    ['The server cannot read what this machine says of itself:', failureLine(failure)],
    `${origin}/boot.ipxe`,
  );
}

/** A profile is for the machine, and it cannot boot it now. `warning`: what an operator has to put right. */
export function waiting(decision: MachineDecision, lines: readonly string[], warning?: string): ScriptAnswer {
  const screen = [...titleLines(decision), ...lines];
  return {
    script: notice(screen, againOf(decision.question, decision.match)),
    screen,
    decision: decided(decision, warning),
  };
}

/** The machine's own disk, in the way of its platform. */
export function local(decision: MachineDecision, menuKey?: MenuKey): ScriptAnswer {
  const { match, question } = decision;
  const lines = installStateReason(decision) === undefined ? [] : titleLines(decision);
  const script = localBootScript(match.profile.local_boot, question.facts.platform, lines, menuKey);
  // A deliberate 404: some firmware goes on to its disk only when the boot file is not there.
  if (script === undefined) throw ownDisk(decision);
  return { script, decision: decided(decision) };
}

/** For a boot loader that cannot be handed to a disk by what we say. */
export function ownDisk(decision: MachineDecision): Failure {
  const reason = installStateReason(decision);
  const who = `${decision.match.profile.file}: ${whoIs(decision.question.facts)}`;
  return new Failure('not-found', `${who} boots its own disk${reason === undefined ? '' : `: ${reason}`}`);
}

/** No profile names the machine, or the one file that does is broken: it is told either, or offered the menu. */
export function unknownMachine(question: Question, snapshot: Snapshot, unknown: UnknownPolicy): ScriptAnswer {
  const { facts, origin, choice } = question;
  const held = snapshot.held(facts);
  const menu = held === undefined ? menuAnswer(question, snapshot, unknown) : undefined;
  if (menu !== undefined) return menu;
  // A person who chose to wait does not meet the menu again.
  const again = againUrl(origin, facts, choice === WAITS && unknown.show === 'menu' ? WAITS : undefined);
  if (held !== undefined) {
    const reason = `${held.place.file} names ${whoIs(facts)} and is broken`;
    const screen = failureLines(problemFailure(held));
    return {
      script: notice(screen, again),
      screen,
      decision: { outcome: 'waiting', question, because: reason },
    };
  }
  const screen = unknownMachineLines(facts);
  return {
    script: notice(screen, again),
    screen,
    decision: { outcome: 'unknown', question, because: `no profile names ${whoIs(facts)}, and none is the default` },
  };
}

/** The key that opens the menu of tools. Undefined: the machine is not asked, since there is no tool, or it has chosen already. */
export function menuKeyOf(
  { match, installState, question: { choice, facts, origin } }: MachineDecision,
  { profiles }: Pick<Snapshot, 'profiles'>,
  seconds: number,
): MenuKey | undefined {
  // An installer that has been handed out is not laid aside for a tool.
  const asked = choice === undefined && match.once === undefined && match.by !== 'choice';
  if (installState.kind === 'install' || !asked || ![...profiles.values()].some(isTool)) return undefined;
  return { seconds, url: againUrl(origin, facts, TOOLS) };
}

/** What people at the screen of a known machine may boot in the place of its own profile. Undefined: it is not asked for. */
export function toolsMenu(
  question: Question,
  matched: () => Match | undefined,
  { profiles }: Pick<Snapshot, 'profiles'>,
  policy: UnknownPolicy,
): ScriptAnswer | undefined {
  const { facts, origin } = question;
  const match = policy.keySeconds === undefined ? undefined : matched();
  // What an operator asked for once is not its own, and may erase: it is not what a menu goes on with.
  if (match === undefined || match.once !== undefined) return undefined;
  const tools = offeredProfiles(profiles).filter((profile) => isTool(profile) && profile.name !== match.profile.name);
  const script = menuScript({
    lines: machineLines(facts),
    entries: tools.map(({ name, menu = name }) => ({ title: menu, url: againUrl(origin, facts, name) })),
    wait: againUrl(origin, facts, WAITS),
    waitTitle: `Go on with its own profile, ${match.profile.name}`,
    platform: facts.platform,
    choice: WAITS,
    timeoutSeconds: policy.timeoutSeconds,
  });
  return { script, decision: decisionOf(match, question, 'menu') };
}

/** Undefined when there is nothing to choose from, or a person chose to wait. */
function menuAnswer(
  question: Question,
  { profiles }: Pick<Snapshot, 'profiles'>,
  policy: UnknownPolicy,
): ScriptAnswer | undefined {
  const { facts, origin, choice } = question;
  const offered = offeredProfiles(profiles);
  if (policy.show !== 'menu' || choice === WAITS || offered.length === 0) return undefined;
  const preset = presetOf(policy.choice, offered);
  const script = menuScript({
    lines: [...machineLines(facts), ...(preset.problem === undefined ? [] : [preset.problem])],
    entries: offered.map(({ name, menu = name }) => ({ title: menu, url: againUrl(origin, facts, name) })),
    wait: againUrl(origin, facts, WAITS),
    platform: facts.platform,
    choice: preset.choice,
    timeoutSeconds: policy.timeoutSeconds,
  });
  return {
    script,
    decision: { outcome: 'menu', question, because: menuReason(facts, offered.length, preset.problem) },
  };
}

function menuReason(facts: MachineFacts, offered: number, problem: string | undefined): string {
  const many = offered === 1 ? 'one profile' : `${offered} profiles`;
  const told = `no profile names ${whoIs(facts)}; its screen offers ${many}`;
  return problem === undefined ? told : `${told} (${problem})`;
}

/** By title, as people look for them. */
function offeredProfiles(profiles: Snapshot['profiles']): readonly Profile[] {
  return [...profiles.values()]
    .filter(({ name, menu }) => menu !== undefined && name !== WAITS && name !== LOCAL)
    .sort(({ name: a, menu: first = a }, { name: b, menu: second = b }) =>
      first === second ? (a < b ? -1 : 1) : first < second ? -1 : 1,
    );
}

/** What the menu chooses by itself. Waiting is never wrong. */
function presetOf(
  wanted: string,
  offered: readonly Profile[],
): { readonly choice: number | 'wait' | 'local'; readonly problem?: string } {
  if (wanted === WAITS || wanted === LOCAL) return { choice: wanted };
  const at = offered.findIndex(({ name }) => name === wanted);
  if (at >= 0) return { choice: at };
  return { choice: WAITS, problem: `PILOTLIGHT_MENU_DEFAULT is ${wanted}, which is no profile with a "menu" title` };
}

/** iPXE asks once more, and says it. */
export function askedForProcessor(decision: MachineDecision, message: string): ScriptAnswer {
  const again = againOf(decision.question, decision.match);
  return { ...waiting(decision, [message, SAY_PROCESSOR]), script: askProcessor(again) };
}

/** Not repeated to the machine itself, which may ask a moment later, and no word of that machine's in the journal. */
export function turnedAway(answer: ScriptAnswer, { asker = '' }: Question): ScriptAnswer {
  return { ...answer, decision: { ...answer.decision, stranger: true }, only: asker };
}
