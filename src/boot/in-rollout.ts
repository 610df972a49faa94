import { asFailure, Failure } from '../model/failure.ts';
import type { RolloutWatch } from '../model/rollout.ts';
import type { MachineDecision } from './decide.ts';
import { bootFiles } from './machine-plan.ts';

// Asked only of machines whose profile has an open rollout; a HEAD, which says no address, gets no body and counts as nothing.

/** It asks what to boot. True when that changed the rollout: it must be decided anew. */
export async function asksInRollout(
  { match, question }: MachineDecision,
  rollouts: RolloutWatch | undefined,
): Promise<boolean> {
  if (match.rollout === undefined || question.asker === undefined || rollouts === undefined) return false;
  return await rollouts.asks(match.profile.name, match.rollout.machine, question.asker);
}

/** What a rollout gives leaves when it is written down. Undefined: the rollout says otherwise by now. */
export async function leavesInRollout(
  decision: MachineDecision,
  rollouts: RolloutWatch | undefined,
): Promise<MachineDecision | undefined> {
  const { match, installState, plan, obstacle, question } = decision;
  const { profile, rollout } = match;
  const isLeaving = installState.kind === 'boot' || installState.kind === 'install';
  if (rollout?.gets !== 'new' || !isLeaving || plan === undefined || obstacle !== undefined) return decision;
  if (rollouts === undefined || question.asker === undefined) return decision;
  const left = { address: question.asker, file: bootFiles(plan).at(-1) };
  const isLeft = await rollouts.leaves(profile.name, rollout.machine, left).catch(asFailure);
  if (isLeft instanceof Failure) return { ...decision, obstacle: { kind: 'plan', failure: isLeft } };
  return isLeft ? decision : undefined;
}
