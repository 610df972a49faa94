import type { Problem } from '../model/problem.ts';
import { claimPath, DEFAULT_CLAIM, type Claim } from './claim-ids.ts';
import { pathText } from './positions.ts';
import type { ReadProfile } from './read-profile.ts';

/** Says of two profiles that they claim the same, naming both places. */
export function claimProblem(loser: ReadProfile, claim: Claim, winner: ReadProfile, theirs: Claim): Problem {
  const { line } = winner.locator.value(claimPath(theirs));
  const other = `${winner.profile.file}:${line}`;
  const [message, remedy] =
    claim.id === DEFAULT_CLAIM
      ? [`${other} is the default profile already`, 'leave "default": true in one of them']
      : [`${claim.id} is claimed by ${other} too`, 'leave the machine in one of them'];
  return { severity: 'error', message, place: placeOf(loser, claim), remedy };
}

const MAX_SHARED = 20;

/** Names and addresses that machines of several profiles share: possible, but hardly meant. */
export function sharedByProfiles(profiles: readonly ReadProfile[]): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, { readonly read: ReadProfile; readonly claim: Claim }>();
  for (const read of profiles) {
    for (const claim of read.shared) {
      const other = seen.get(claim.id);
      if (other === undefined) seen.set(claim.id, { read, claim });
      else if (problems.length < MAX_SHARED) {
        const there = `${other.read.profile.file}:${other.read.locator.value(claimPath(other.claim)).line}`;
        const message = `a machine in ${there} has the ${claim.id} too`;
        const remedy = `give every machine its own ${claim.key}`;
        problems.push({ severity: 'warning', message, place: placeOf(read, claim), remedy });
      }
    }
  }
  return problems;
}

function placeOf(read: ReadProfile, claim: Claim): Problem['place'] {
  const path = claimPath(claim);
  return { file: read.profile.file, key: pathText(path), ...read.locator.value(path) };
}
