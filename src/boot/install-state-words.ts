import type { Decision } from '../model/plan.ts';
import type { MachineFacts } from '../model/machine.ts';
import { macHyphens } from '../model/mac.ts';
import type { Match } from '../catalog/snapshot.ts';
import type { Claim, InstallMark } from '../machines/mark.ts';
import {
  alikeLines,
  claimedLines,
  namelessLines,
  often,
  stoppedLines,
  unfinishedLines,
  unknownLifeLines,
} from '../ipxe/notices.ts';
import { decisionOf } from './reasons.ts';
import type { MatchedMachine, InstallState } from './decide.ts';
import { REST_MS } from '../machines/life.ts';
import type { Likeness } from '../machines/mark-index.ts';

const OUTCOME: Readonly<Record<InstallState['kind'], Decision['outcome']>> = {
  boot: 'boot',
  install: 'install',
  local: 'local',
  unfinished: 'waiting',
  stopped: 'waiting',
  nameless: 'waiting',
  claimed: 'waiting',
  alike: 'waiting',
  unknown: 'waiting',
};

const INSTALLATION: Readonly<Partial<Record<InstallState['kind'], NonNullable<Decision['installation']>>>> = {
  unfinished: 'unfinished',
  stopped: 'stopped',
  claimed: 'held',
  alike: 'held',
  unknown: 'held',
};

/** What was decided and why: the profile's reason, and the machine's own. */
export function matchedDecision(matched: MatchedMachine, facts: MachineFacts, outcome?: Decision['outcome']): Decision {
  const decision = decisionOf(matched.match, facts, outcome ?? OUTCOME[matched.installState.kind]);
  const why = installStateReason(matched, facts);
  if (why === undefined) return decision;
  const installation = INSTALLATION[matched.installState.kind];
  return {
    ...decision,
    ...(installation === undefined ? {} : { installation }),
    because: `${decision.because}; ${why}`,
  };
}

/** Why the machine gets something else than its profile's image; undefined when it gets just that. */
export function installStateReason({ match, installState }: MatchedMachine, facts: MachineFacts): string | undefined {
  switch (installState.kind) {
    case 'boot':
      return undefined;
    case 'install':
      return `installs to ${installState.target.disk}, try ${installState.attempt} of ${installState.limit}`;
    case 'local':
      return installState.mark === undefined ? undefined : installedReason(installState.mark, match, facts);
    case 'unfinished': {
      const { begun, attempt, limit } = installState;
      return `its installation began at ${timeText(begun)} (try ${attempt} of ${limit}) and is not reported as finished`;
    }
    case 'stopped':
      return `its installation began ${often(installState.tries)} and was never reported as finished (${remedy(match, facts)})`;
    case 'nameless':
      return 'it says nothing by which it could be known as installed afterwards';
    case 'claimed':
      return `its installer left for ${claimant(installState.claim)} at ${timeText(installState.claim.at)} (\`pilotlight release ${whom(match, facts)}\` lets it go)`;
    case 'alike':
      return `it looks like ${likeness(installState, facts)} (\`pilotlight reinstall ${asItself(installState.by, facts)}\` installs it all the same)`;
    case 'unknown':
      return `${installState.why}, so it is not installed${installState.damaged === true ? ` (${remedy(match, facts)})` : ''}`;
  }
}

/** For the screen of a machine that has to wait before it is installed; undefined for every other. */
export function installStateLines(
  { match, installState }: MatchedMachine,
  facts: MachineFacts,
): readonly string[] | undefined {
  switch (installState.kind) {
    case 'unfinished': {
      const { ago, attempt, limit } = installState;
      return unfinishedLines({ ago: Math.floor(ago / 1000), rest: Math.ceil((REST_MS - ago) / 1000), attempt, limit });
    }
    case 'stopped':
      return stoppedLines({ tries: installState.tries, command: `pilotlight reinstall ${whom(match, facts)}` });
    case 'nameless':
      return namelessLines();
    case 'claimed':
      return claimedLines({
        claimant: claimant(installState.claim),
        at: timeText(installState.claim.at),
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
        ...(installState.damaged === true ? { command: `pilotlight reinstall ${whom(match, facts)}` } : {}),
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
  const state = mark.state === 'seen' ? 'a profile names it' : STATE_WORDS[mark.state];
  if (by === 'nic') {
    return `the machine ${mark.key} with the UUID ${mark.machine.uuid ?? ''} (${state}): its network card is the same, its UUID is not`;
  }
  const same = by === 'mac' ? 'network card' : by === 'uuid' ? `UUID ${facts.uuid ?? ''}` : 'serial number';
  return `the machine ${mark.key} (${state}): its ${same} is the same`;
}

const STATE_WORDS: Readonly<Record<Exclude<InstallMark['state'], 'seen'>, string>> = {
  claimed: 'its installer left',
  installing: 'it is being installed',
  installed: 'it is installed',
  'erase-pending': 'it is to be installed anew',
};

/** The name by which the operator says that it is this machine and no other. */
function asItself(by: Likeness, { mac, uuid, serial }: MachineFacts): string {
  if (by === 'nic' && uuid !== undefined) return `uuid:${uuid}`;
  if (mac !== undefined) return macHyphens(mac);
  return uuid === undefined ? `serial:${serial ?? ''}` : `uuid:${uuid}`;
}

function installedReason(mark: InstallMark, match: Match, facts: MachineFacts): string {
  return `installed from profiles/${mark.profile}.json since ${timeText(mark.since)} (${remedy(match, facts)})`;
}

function remedy(match: Match, facts: MachineFacts): string {
  return `\`pilotlight reinstall ${whom(match, facts)}\` installs it again`;
}

/** What an operator types. */
function whom({ node }: Match, { mac, uuid, serial }: MachineFacts): string {
  if (node !== undefined) return node.name;
  if (mac !== undefined) return macHyphens(mac);
  return uuid === undefined ? `serial:${serial ?? ''}` : `uuid:${uuid}`;
}

/** `2026-11-21 12:00:05 UTC` */
function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
