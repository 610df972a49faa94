import { expect, it } from 'vitest';
import { deadlineOf, type InstallMark, isPending, triesOf } from '../../src/machines/mark.ts';
import { byMac, NOON, TARGET } from './marks.ts';

it('is the boot timeout after the script, where the profile has one', () => {
  expect(deadlineOf({ boot_timeout: 600 }, 1000)).toBe(601_000);
  expect(deadlineOf({}, 1000)).toBeUndefined();
});

const MARK: InstallMark = {
  key: byMac().key,
  machine: byMac().machine,
  ...TARGET,
  state: 'installing',
  since: NOON,
  tries: 2,
  begun: NOON,
};

it.each([
  ['has begun', NOON, 2],
  ['begins in a moment', NOON - 1, 1],
  ['begins in half a minute', NOON - 30_000, 1],
  ['began, and the clock was set back since', NOON - 30_001, 2],
  ['began years ago', NOON + 1e11, 2],
])('an installation that %s', (_, now, tries) => {
  expect(triesOf(MARK, TARGET, now)).toBe(tries);
  expect(isPending(MARK, now)).toBe(tries === 1);
});

it('no try counts without a mark, of another target, or once it is installed', () => {
  expect(triesOf(undefined, TARGET, NOON)).toBe(0);
  expect(triesOf(MARK, { ...TARGET, disk: '/dev/vda' }, NOON)).toBe(0);
  expect(triesOf(MARK, { ...TARGET, profile: 'other' }, NOON)).toBe(0);
  expect(triesOf({ ...MARK, state: 'installed' }, TARGET, NOON)).toBe(0);
  expect(isPending({}, NOON)).toBe(false);
});
