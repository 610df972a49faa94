import { createHash } from 'node:crypto';
import type { Profile } from '../model/profile.ts';
import { allWaves, isOpen, type Rollout, type RolloutPolicy, stageName, stagesOf } from '../model/rollout.ts';

/** Which version a machine gets because of a rollout, and why. */
export interface RolloutPlace {
  /** As it stands in state/rollouts.json. */
  readonly machine: string;
  readonly to: string;
  readonly gets: 'new' | 'old';
  /** `wave 2 of 3: w7 gets the old version, 1.0`. */
  readonly why: string;
}

export interface RolloutChoice {
  /** The profile with the new version. */
  readonly profile: Profile;
  readonly to: string;
  readonly policy: RolloutPolicy;
  /** By the node's name, or the key of a machine that no node names. */
  readonly place: (machine: string) => RolloutPlace;
  /** The stage in which the machine gets the new version. */
  readonly stageOf: (machine: string) => number;
}

/**
 * Who gets the new version. Undefined where no rollout is open, or the profile's file says something else by now: the
 * operator's editor overrules it.
 */
export function rolloutChoice(profile: Profile, rollout: Rollout | undefined): RolloutChoice | undefined {
  const policy = profile.rollout;
  if (policy === undefined || rollout === undefined) return undefined;
  if (!isOpen(rollout) || rollout.from !== profile.version) return undefined;
  const stages = stagesOnce(profile, policy, rollout.to);
  const stageOf = (machine: string): number => stages.get(machine) ?? shareStage(machine, policy, rollout.to);
  const open = Math.min(rollout.stage, stagesOf(policy) - 1);
  const name = stageName(open, policy);
  return {
    profile: { ...profile, version: rollout.to, raw: { ...profile.raw, version: rollout.to } },
    to: rollout.to,
    policy,
    stageOf,
    place(machine) {
      const isNew = stageOf(machine) <= open;
      const version = isNew ? rollout.to : rollout.from;
      const why = `${name}: ${machine} gets the ${isNew ? 'new' : 'old'} version, ${version}`;
      return { machine, to: rollout.to, gets: isNew ? 'new' : 'old', why };
    },
  };
}

/** Whether another answer follows from it: how many came up changes nothing for those that ask. */
export function isSameChoice(a: Rollout | undefined, b: Rollout | undefined): boolean {
  const [one, other] = [a, b].map((of) => (of !== undefined && isOpen(of) ? of : undefined));
  if (one === undefined || other === undefined) return one === other;
  return one.from === other.from && one.to === other.to && one.stage === other.stage;
}

/** Ten thousand nodes take 40 ms, and are asked about at each phone-home: a profile is read anew when its file changes. */
const KNOWN = new WeakMap<Profile, { readonly to: string; readonly stages: ReadonlyMap<string, number> }>();

function stagesOnce(profile: Profile, policy: RolloutPolicy, to: string): ReadonlyMap<string, number> {
  const known = KNOWN.get(profile);
  if (known?.to === to) return known.stages;
  const stages = stagesByNode(profile, policy, to);
  KNOWN.set(profile, { to, stages });
  return stages;
}

/** Listed nodes have a place in a row that is another one for each version, so that it is not always the same that go first. */
function stagesByNode(
  { nodes }: Profile,
  { canaries, waves }: RolloutPolicy,
  version: string,
): ReadonlyMap<string, number> {
  const row = nodes
    .map(({ name }) => ({ name, share: shareOf(name, version) }))
    .sort((a, b) => a.share - b.share || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
  const first = typeof canaries === 'number' ? row.slice(0, canaries) : canaries;
  const stages = new Map(first.map((name) => [name, 0]));
  for (const [index, percent] of allWaves(waves).entries()) {
    for (const name of row.slice(0, Math.ceil((row.length * percent) / 100))) {
      if (!stages.has(name)) stages.set(name, index + 1);
    }
  }
  return stages;
}

function shareStage(machine: string, { waves }: RolloutPolicy, version: string): number {
  const share = shareOf(machine, version) * 100;
  return allWaves(waves).findIndex((percent) => share < percent) + 1;
}

/** Where it stands between 0 and 1. */
function shareOf(machine: string, version: string): number {
  return createHash('sha256').update(`${version} ${machine}`).digest().readUInt32BE(0) / 2 ** 32;
}
