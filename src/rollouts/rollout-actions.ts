import { Failure } from '../model/failure.ts';
import { omitUndefined } from '../model/machine.ts';
import type { Profile } from '../model/profile.ts';
import { isOpen, type Rollout, type RolloutAction, type Rollouts } from '../model/rollout.ts';
import { ended, promoted } from './rollout-rules.ts';

/**
 * A rollout of this version begins. A newer release takes the place of one that still runs: its canaries go first again.
 * Gives the same object, and why, where it does not.
 */
export function beginning(
  rollouts: Rollouts,
  { name, version: from }: Pick<Profile, 'name' | 'version'>,
  to: string,
  now: number,
): { readonly rollouts: Rollouts; readonly why?: string } {
  const known = rollouts.get(name);
  const open = known !== undefined && isOpen(known) && known.from === from ? known : undefined;
  if (open?.to === to) return { rollouts, why: `its rollout of ${to} is under way` };
  if (open !== undefined && open.state !== 'running')
    return { rollouts, why: `its rollout of ${open.to} is ${open.state}: see \`pilotlight rollout ${name}\`` };
  const begun: Rollout = { from, to, state: 'running', stage: 0, begun: now, since: now, machines: {} };
  return { rollouts: new Map([...rollouts, [name, begun]]) };
}

/** The publisher went back to the release that the profile names: what is newer is on its way to no one. */
export function withdrawn(
  rollouts: Rollouts,
  { name, version }: Pick<Profile, 'name' | 'version'>,
  now: number,
): Rollouts {
  const known = rollouts.get(name);
  if (known === undefined || !isOpen(known) || known.from !== version) return rollouts;
  return new Map([...rollouts, [name, ended(known, 'aborted', now, `its publisher offers ${version} again`)]]);
}

/** What an operator does to a rollout. `finish`: its version is to be written into the profile. Throws Failure `conflict`. */
export function acted(
  rollout: Rollout | undefined,
  action: RolloutAction,
  profile: Profile,
  now: number,
): { readonly rollout: Rollout; readonly finish?: true } {
  if (rollout === undefined || !isOpen(rollout)) {
    const last = rollout === undefined ? '' : `: the last one, of ${rollout.to}, is ${rollout.state}`;
    throw new Failure('conflict', `${profile.name} has no rollout under way${last}`, {
      remedy: `\`pilotlight rollout ${profile.name} --to VERSION\` begins one`,
    });
  }
  switch (action) {
    case 'pause':
      if (rollout.state === 'running') return { rollout: { ...rollout, state: 'paused', since: now } };
      throw new Failure('conflict', `the rollout of ${profile.name} is ${rollout.state} already`);
    case 'resume':
      if (rollout.state !== 'running') return { rollout: resumed(rollout, now) };
      throw new Failure('conflict', `the rollout of ${profile.name} is running already`);
    case 'promote':
      return promoted(rollout.state === 'stopped' ? resumed(rollout, now) : rollout, profile, now);
    case 'abort':
      return { rollout: { ...ended(rollout, 'aborted', now, 'an operator ended it'), unheld: true } };
  }
}

/** What failed so far is known to the operator, and counts no more. */
function resumed(rollout: Rollout, now: number): Rollout {
  const machines = Object.entries(rollout.machines).map(
    ([name, one]) => [name, omitUndefined({ ...one, failed: undefined, why: undefined })] as const,
  );
  const running = { ...rollout, state: 'running' as const, since: now, why: undefined, ready: undefined };
  return omitUndefined({ ...running, machines: Object.fromEntries(machines) });
}
