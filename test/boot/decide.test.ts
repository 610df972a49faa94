import { expect, it } from 'vitest';
import { standingOf } from '../../src/boot/decide.ts';
import type { Profile } from '../../src/model/profile.ts';
import { TARGET } from '../machines/marks.ts';
import { nameOf } from '../support/house.ts';
import { profileOf } from '../os/sample.ts';

const WORKER: Profile = profileOf({ name: nameOf('worker'), install: { disk: '/dev/sda' } });
const LIVE: Profile = profileOf({});
const LIFE = { kind: 'install', target: TARGET, attempt: 1, limit: 3 } as const;

function asked(): never {
  throw new TypeError('nobody asks for a life that does not matter');
}

it('without an installation a machine boots its image, or its disk where its profile says so', () => {
  expect(standingOf({ profile: LIVE }, asked)).toEqual({ kind: 'boot' });
  expect(standingOf({ profile: { ...LIVE, boot: 'local' } }, asked)).toEqual({ kind: 'local' });
  expect(standingOf({ profile: { ...WORKER, boot: 'local' } }, asked)).toEqual({ kind: 'local' });
});

it('where its profile installs, its life decides; what says nothing of itself would be installed at each boot', () => {
  expect(standingOf({ profile: WORKER }, () => LIFE)).toBe(LIFE);
  expect(standingOf({ profile: WORKER }, () => undefined)).toEqual({ kind: 'nameless' });
});
