import { utcText } from '../model/text.ts';
import type { Match } from '../catalog/snapshot.ts';
import {
  alikeLines,
  claimedLines,
  namelessLines,
  often,
  refusedReportLines,
  stoppedLines,
  unfinishedLines,
  unknownLifeLines,
} from '../ipxe/notices.ts';
import { REST_MS } from '../machines/life.ts';
import type { Likeness } from '../machines/mark-index.ts';
import { type Claim, type InstallMark, isOpen } from '../machines/mark.ts';
import { identityOf, type MachineFacts, machineKey, macHyphens } from '../model/machine.ts';
import type { Decision, Question } from '../model/plan.ts';
import { SYSTEMS } from '../os/systems.ts';
import type { InstallState, MachineDecision } from './decide.ts';

type Outcome = Decision['outcome'];

const OUTCOME: Readonly<Record<InstallState['kind'], Outcome>> = {
  boot: 'boot',
  install: 'install',
  local: 'local',
  unfinished: 'waiting',
  stopped: 'waiting',
  refused: 'waiting',
  nameless: 'waiting',
  claimed: 'waiting',
  alike: 'waiting',
  unknown: 'waiting',
};

const INSTALLATION: Readonly<Partial<Record<InstallState['kind'], Decision['installation']>>> = {
  unfinished: 'unfinished',
  stopped: 'stopped',
  refused: 'stopped',
  claimed: 'held',
  alike: 'held',
  unknown: 'held',
};

/** What was decided and why, in words: the profile's reason, the machine's own, and what an operator has to put right. */
export function decided(decision: MachineDecision, warning?: string): Decision {
  const { match, build, identity, installState, question, obstacle } = decision;
  const isOwn = match.profile.arch === 'auto' && build !== undefined;
  const own = isOwn ? `its processor takes the ${build.arch} build` : undefined;
  const unsaid = obstacle?.kind === 'processor' ? obstacle.message : undefined;
  const why = installStateReason(decision);
  const wave = installState.kind === 'local' ? undefined : match.rollout?.why;
  return {
    ...decisionOf(match, question, obstacle === undefined ? OUTCOME[installState.kind] : 'waiting', identity),
    installation: INSTALLATION[installState.kind],
    warning,
    ...(installState.kind === 'local' && installState.mark?.state === 'installed' ? { installed: true as const } : {}),
    because: [because(match, question.facts), own, unsaid, wave, why, warning]
      .filter((reason) => reason !== undefined)
      .join('; '),
  };
}

/** The same of an answer that does not depend on how far the machine's installation is. */
export function decisionOf(
  match: Match,
  question: Question,
  outcome: Outcome,
  identity = identityOf(question.facts, match),
): Decision {
  const { profile, node } = match;
  return {
    outcome,
    question,
    identity,
    profile: profile.name,
    node: node?.name,
    version: profile.version === '' ? undefined : profile.version,
    ...(match.once === undefined ? {} : { once: true }),
    because: because(match, question.facts),
  };
}

/** Who the machine is, what it boots, and because of what. */
export function titleLines(decision: MachineDecision): string[] {
  const { match, question } = decision;
  const { profile, node } = match;
  const build = profile.arch === 'auto' ? decision.build?.arch : undefined;
  const what = [SYSTEMS[profile.system].title, profile.version, build ?? ''].filter((part) => part !== '').join(' ');
  // A machine that waits is told more about it than fits here.
  const reason = installStateLines(decision) === undefined ? installStateReason(decision) : undefined;
  const title = `${node?.name ?? whoIs(question.facts)}: ${what}`;
  return [title, because(match, question.facts), ...(reason === undefined ? [] : [reason])];
}

/** `mac 52:54:.. is node a-coreos of profiles/a.json`: which file decided, and by what. */
export function because({ by, profile, node, once }: Match, facts: MachineFacts): string {
  if (once === 'chosen')
    return `${profile.file} was chosen at the screen of ${node?.name ?? whoIs(facts)}, for this boot`;
  if (once !== undefined) return `${node?.name ?? whoIs(facts)} boots ${profile.file} once, as an operator asked`;
  if (by === 'choice') return `no profile names ${whoIs(facts)}; ${profile.file} was chosen at its screen`;
  if (by === 'default' || node === undefined) return `no profile names ${whoIs(facts)}; ${profile.file} is the default`;
  return `${by} ${facts[by] ?? ''} is node ${node.name} of ${profile.file}`;
}

/** The machine in as few words as it can be told apart by. */
export function whoIs({ mac, uuid, serial }: MachineFacts): string {
  if (mac !== undefined) return `mac ${mac}`;
  if (uuid !== undefined) return `uuid ${uuid}`;
  return serial === undefined ? 'a machine that says neither mac, uuid nor serial' : `serial ${serial}`;
}

/** Why the machine gets something else than its profile's image; undefined when it gets just that. */
export function installStateReason({ match, installState, question: { facts } }: MachineDecision): string | undefined {
  switch (installState.kind) {
    case 'boot':
      return undefined;
    case 'install':
      return `installs to ${installState.target.disk}, try ${installState.attempt} of ${installState.limit}`;
    case 'local': {
      const { mark } = installState;
      if (mark === undefined) return undefined;
      if (isOpen(mark)) {
        const left = `the installer of profiles/${mark.profile}.json left for it once, at ${utcText(mark.claim?.at ?? mark.since)}`;
        return `${left}, and has not reported (${remedy(match, facts)})`;
      }
      return `installed from profiles/${mark.profile}.json since ${utcText(mark.since)} (${remedy(match, facts)})`;
    }
    case 'unfinished': {
      const { begun, attempt, limit } = installState;
      return `its installation began at ${utcText(begun)} (try ${attempt} of ${limit}) and is not reported as finished`;
    }
    case 'stopped':
      return `its installation began ${often(installState.tries)} and was never reported as finished (${remedy(match, facts)})`;
    case 'refused': {
      const { at, address } = installState.report;
      return `a report that it is installed came from ${address} at ${utcText(at)} and did not count (${remedy(match, facts)})`;
    }
    case 'nameless':
      return 'it says nothing by which it could be known as installed afterwards';
    case 'claimed':
      return `its installer left for ${claimant(installState.claim)} at ${utcText(installState.claim.at)} (\`pilotlight release ${whom(match, facts)}\` lets it go)`;
    case 'alike':
      return `it looks like ${likeness(installState, facts)} (\`pilotlight reinstall ${asItself(installState.by, facts)}\` installs it all the same)`;
    case 'unknown':
      return `${installState.why}, so it is not installed${installState.damaged === true ? ` (${remedy(match, facts)})` : ''}`;
  }
}

/** For the screen of a machine that has to wait before it is installed; undefined for every other. */
export function installStateLines({
  match,
  installState,
  question: { facts },
}: MachineDecision): readonly string[] | undefined {
  switch (installState.kind) {
    case 'unfinished': {
      const { ago, attempt, limit } = installState;
      return unfinishedLines({ ago: Math.floor(ago / 1000), rest: Math.ceil((REST_MS - ago) / 1000), attempt, limit });
    }
    case 'stopped':
      return stoppedLines({ tries: installState.tries, command: goCommand(match, facts) });
    case 'refused': {
      const { at, address } = installState.report;
      return refusedReportLines({ from: address, at: utcText(at), command: goCommand(match, facts) });
    }
    case 'nameless':
      return namelessLines();
    case 'claimed':
      return claimedLines({
        claimant: claimant(installState.claim),
        at: utcText(installState.claim.at),
        command: `pilotlight release ${whom(match, facts)}`,
      });
    case 'alike':
      return alikeLines({
        likeness: likeness(installState, facts),
        command: `pilotlight reinstall ${asItself(installState.by, facts)}`,
      });
    case 'unknown':
      return unknownLifeLines({
        why: installState.why,
        command: installState.damaged === true ? goCommand(match, facts) : undefined,
      });
    case 'boot':
    case 'install':
    case 'local':
      return undefined;
  }
}

function claimant({ address, mac }: Claim): string {
  return mac === undefined ? address : `${address} (${mac})`;
}

/** Which machine it looks like, and by what. */
function likeness({ mark, by }: { readonly mark: InstallMark; readonly by: Likeness }, facts: MachineFacts): string {
  const state = STATE_WORDS[mark.state];
  if (by === 'nic') {
    return `the machine ${mark.key} with the UUID ${mark.machine.uuid ?? ''} (${state}): its network card is the same, its UUID is not`;
  }
  const same = by === 'mac' ? 'network card' : by === 'uuid' ? `UUID ${facts.uuid ?? ''}` : 'serial number';
  return `the machine ${mark.key} (${state}): its ${same} is the same`;
}

const STATE_WORDS: Readonly<Record<InstallMark['state'], string>> = {
  seen: 'a profile names it',
  claimed: 'its installer left',
  installing: 'it is being installed',
  installed: 'it is installed',
  'erase-pending': 'it is to be installed anew',
};

function remedy(match: Match, facts: MachineFacts): string {
  return `\`${goCommand(match, facts)}\` installs it again`;
}

/** By which an operator lets its installer go once more. */
function goCommand(match: Match, facts: MachineFacts): string {
  const who = whom(match, facts);
  return match.once === undefined
    ? `pilotlight reinstall ${who}`
    : `pilotlight boot ${who} --once ${match.profile.name}`;
}

/** What an operator types. */
function whom({ node }: Match, facts: MachineFacts): string {
  return node?.name ?? typedKey(facts);
}

/** The name by which the operator says that it is this machine and no other. */
function asItself(by: Likeness, facts: MachineFacts): string {
  return typedKey(by === 'nic' && facts.uuid !== undefined ? { uuid: facts.uuid } : facts);
}

function typedKey(facts: MachineFacts): string {
  return facts.mac === undefined ? (machineKey(facts) ?? 'serial:') : macHyphens(facts.mac);
}
