import type { Snapshot } from '../catalog/snapshot.ts';
import { Failure, failureLine, problemFailure } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { Origin } from '../model/plan.ts';
import { againUrl } from '../ipxe/boot-script.ts';
import { localBootScript } from '../ipxe/local-boot.ts';
import { failureLines, noticeScript, unknownMachineLines } from '../ipxe/notices.ts';
import { SYSTEMS } from '../os/systems.ts';
import type { Question, ScriptAnswer } from './boot-service.ts';
import { menuAnswer, WAITS } from './menu.ts';
import type { MatchedMachine, UnknownPolicy } from './decide.ts';
import { because, whoIs } from './reasons.ts';
import { matchedDecision, installStateLines, installStateReason } from './install-state-words.ts';

/** A machine that waits asks again after this long; an operator who adopts it sees it boot within ten seconds. */
const PAUSE_SECONDS = 5;

/** What a machine is told whose question cannot be read. */
export function explained(failure: Failure, origin: Origin): string {
  return notice(
    ['The server cannot read what this machine says of itself:', failureLine(failure)],
    `${origin}/boot.ipxe`,
  );
}

export function notice(lines: readonly string[], again: string): string {
  return noticeScript({ lines, again, pauseSeconds: PAUSE_SECONDS });
}

/** Nobody knows the machine, or the one file that does is broken: it is told either, on its own screen. */
export function nobody(question: Question, snapshot: Snapshot, unknown: UnknownPolicy): ScriptAnswer {
  const { facts, origin, choice } = question;
  const held = snapshot.held(facts);
  const menu = held === undefined ? menuAnswer(question, snapshot, unknown) : undefined;
  if (menu !== undefined) return menu;
  // Who chose to wait does not meet the menu again.
  const again = againUrl(origin, facts, choice === WAITS && unknown.show === 'menu' ? WAITS : undefined);
  if (held !== undefined) {
    return {
      script: notice(failureLines(problemFailure(held)), again),
      decision: { outcome: 'waiting', because: `${held.place.file} names ${whoIs(facts)} and is broken` },
    };
  }
  return {
    script: notice(unknownMachineLines(facts), again),
    decision: { outcome: 'unknown', because: `no profile names ${whoIs(facts)}, and none is the default` },
  };
}

/** A profile is for the machine, and it cannot boot it now. */
export function waiting(
  matched: MatchedMachine,
  question: Question,
  why: readonly string[],
  warning?: string,
): ScriptAnswer {
  const { facts } = question;
  const decision = matchedDecision(matched, facts, 'waiting');
  return {
    script: notice([...titleLines(matched, facts), ...why], againOf(matched, question)),
    decision: warning === undefined ? decision : { ...decision, because: `${decision.because}; ${warning}`, warning },
  };
}

/** The machine's own disk, in the way of its platform. */
export function local(matched: MatchedMachine, facts: MachineFacts): ScriptAnswer {
  const { profile } = matched.match;
  const lines = installStateReason(matched, facts) === undefined ? [] : titleLines(matched, facts);
  const script = localBootScript(profile.local_boot, facts.platform, lines);
  // A deliberate 404: some firmware goes on to its disk only when the boot file is not there.
  if (script === undefined) throw ownDisk(matched, facts);
  return { script, decision: matchedDecision(matched, facts) };
}

/** For who cannot be handed to a disk by what we say. */
export function ownDisk(matched: MatchedMachine, facts: MachineFacts): Failure {
  const reason = installStateReason(matched, facts);
  const { file } = matched.match.profile;
  return new Failure(
    'not-found',
    `${file}: ${whoIs(facts)} boots its own disk${reason === undefined ? '' : `: ${reason}`}`,
  );
}

/** Where the machine asks once more: as what it was matched. */
export function againOf({ match }: MatchedMachine, { facts, origin }: Question): string {
  return againUrl(origin, facts, match.by === 'choice' ? match.profile.name : undefined);
}

/** Who the machine is, what it boots, and because of what. */
export function titleLines(matched: MatchedMachine, facts: MachineFacts): string[] {
  const { match } = matched;
  const { profile } = match;
  const what = [SYSTEMS[profile.system].title, profile.version].filter((part) => part !== '').join(' ');
  // Who waits is told more about it than fits here.
  const reason = installStateLines(matched, facts) === undefined ? installStateReason(matched, facts) : undefined;
  const life = reason === undefined ? [] : [reason];
  return [`${match.node?.name ?? whoIs(facts)}: ${what}`, because(match, facts), ...life];
}
