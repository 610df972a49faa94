import { type Match, profileNamed, type Snapshot } from '../catalog/snapshot.ts';
import { Failure, problemFailure } from '../model/failure.ts';
import type { MachineFacts } from '../model/machine.ts';
import type { Name } from '../model/profile.ts';
import type { Obstacle } from './decide.ts';
import { SAY_PROCESSOR } from './machine-plan.ts';
import { whoIs } from './reasons.ts';

/** For what has no screen of ours: pixiecore's API, GRUB. */
export function obstacleFailure(obstacle: Obstacle | undefined): Failure {
  switch (obstacle?.kind) {
    case undefined:
      throw new TypeError('a machine that may boot has neither a plan nor an obstacle');
    case 'stranger':
      return new Failure('refused', obstacle.message, { remedy: STRANGER });
    case 'arch':
      return new Failure('unavailable', obstacle.message, {
        remedy: 'name the machine in a profile with the right "arch"',
      });
    case 'processor':
      return new Failure('unavailable', obstacle.message, { remedy: SAY_PROCESSOR });
    case 'plan':
    case 'document':
      return obstacle.failure;
    case 'images':
      return new Failure('unavailable', `images/${obstacle.missing[0] ?? ''} is not there yet`);
  }
}

export function withoutToken({ profile }: Match): Failure {
  return new Failure('refused', `${profile.file} keeps secrets, and this route carries no token`, {
    remedy: 'boot the machine by /boot.ipxe or GRUB',
  });
}

export function unclaimed(facts: MachineFacts, snapshot: Snapshot): Failure {
  const held = snapshot.held(facts);
  if (held !== undefined) return problemFailure(held);
  return new Failure('not-found', `no profile names ${whoIs(facts)}, and none is the default`, {
    remedy: 'add it to the "nodes" of a file in profiles/',
  });
}

export const STRANGER = 'Its profile keeps secrets, which go to the machine alone (docs/security.md).';

export function profileMatch(name: Name, snapshot: Snapshot): Match {
  return { profile: profileNamed(snapshot, name), by: 'default' };
}

export function missingKey({ profile }: Match): Failure {
  const name = profile.sshkey ?? '';
  return new Failure('not-found', `there is no key "${name}"`, {
    place: { file: profile.file, key: 'sshkey' },
    remedy: `create sshkeys/${name}.pub`,
  });
}
