import type { Decision } from '../domain/decision.ts';
import type { MachineFacts } from '../domain/facts.ts';
import { macHyphens } from '../domain/mac.ts';
import type { Match } from '../catalog/snapshot.ts';
import type { InstallMark } from '../machines/mark.ts';
import { namelessLines, often, stoppedLines, unfinishedLines } from '../render/notices.ts';
import { decisionOf } from './reasons.ts';
import type { Placed } from './standing-desk.ts';
import { REST_MS, type Standing } from './standing.ts';

const OUTCOME: Readonly<Record<Standing['kind'], Decision['outcome']>> = {
  boot: 'boot',
  install: 'install',
  local: 'local',
  unfinished: 'waiting',
  stopped: 'waiting',
  nameless: 'waiting',
};

/** What was decided and why: the profile's reason, and the machine's own. */
export function placedDecision(placed: Placed, facts: MachineFacts, outcome?: Decision['outcome']): Decision {
  const decision = decisionOf(placed.match, facts, outcome ?? OUTCOME[placed.standing.kind]);
  const why = standingReason(placed, facts);
  if (why === undefined) return decision;
  const { kind } = placed.standing;
  const installation = kind === 'unfinished' || kind === 'stopped' ? { installation: kind } : {};
  return { ...decision, ...installation, because: `${decision.because}; ${why}` };
}

/** Why the machine gets something else than its profile's image; undefined when it gets just that. */
export function standingReason({ match, standing }: Placed, facts: MachineFacts): string | undefined {
  switch (standing.kind) {
    case 'boot':
      return undefined;
    case 'install':
      return `installs to ${standing.target.disk}, try ${standing.attempt} of ${standing.limit}`;
    case 'local':
      return standing.mark === undefined ? undefined : installedReason(standing.mark, match, facts);
    case 'unfinished': {
      const { begun, attempt, limit } = standing;
      return `its installation began at ${timeText(begun)} (try ${attempt} of ${limit}) and is not reported as finished`;
    }
    case 'stopped':
      return `its installation began ${often(standing.tries)} and was never reported as finished (${remedy(match, facts)})`;
    case 'nameless':
      return 'it says nothing by which it could be known as installed afterwards';
  }
}

/** For the screen of a machine that has to wait before it is installed; undefined for every other. */
export function standingLines({ match, standing }: Placed, facts: MachineFacts): readonly string[] | undefined {
  switch (standing.kind) {
    case 'unfinished': {
      const { ago, attempt, limit } = standing;
      return unfinishedLines({ ago: Math.floor(ago / 1000), rest: Math.ceil((REST_MS - ago) / 1000), attempt, limit });
    }
    case 'stopped':
      return stoppedLines({ tries: standing.tries, command: `pilotlight reinstall ${whom(match, facts)}` });
    case 'nameless':
      return namelessLines();
    case 'boot':
    case 'install':
    case 'local':
      return undefined;
  }
}

function installedReason(mark: InstallMark, match: Match, facts: MachineFacts): string {
  if (mark.broken !== undefined) return `${mark.broken}, so it counts as installed (${remedy(match, facts)})`;
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
