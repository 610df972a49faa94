import { expect, it } from 'vitest';
import {
  cardsOf,
  deadlineOf,
  type InstallMark,
  isOnceInstall,
  isOpen,
  isPending,
  isSameAsker,
  MARK_STATES,
  triesOf,
} from '../../src/machines/mark.ts';
import { parseMac } from '../../src/model/machine.ts';
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

it('tries of a claim count, too: its installer left again', () => {
  expect(triesOf({ ...MARK, state: 'claimed', begun: NOON + 1 }, TARGET, NOON)).toBe(2);
  expect(MARK_STATES.filter((state) => triesOf({ ...MARK, state }, TARGET, NOON) > 0)).toEqual([
    'claimed',
    'installing',
  ]);
});

it('is open while its installer is on its way or at work', () => {
  expect(MARK_STATES.filter((state) => isOpen({ ...MARK, state }))).toEqual(['claimed', 'installing']);
  expect(isOpen(undefined)).toBe(false);
});

it.each([
  ['none was asked for', undefined, false],
  ['one that installs left', { profile: 'worker', disk: '/dev/sda', since: NOON, used: NOON }, true],
  ['one that installs is still pending', { profile: 'worker', disk: '/dev/sda', since: NOON }, false],
  ['one that installs nothing left', { profile: 'worker', since: NOON, used: NOON }, false],
  ['what is installed is of another', { profile: 'other', disk: '/dev/sda', since: NOON, used: NOON }, false],
])('an installation for once: %s', (_, once, is) => {
  expect(isOnceInstall(once === undefined ? TARGET : { profile: TARGET.profile, once })).toBe(is);
});

const [A, B] = ['52:54:00:00:00:0a', '52:54:00:00:00:0b'].map((text) => parseMac(text));

it.each([
  [undefined, { address: '10.0.0.7' }, true],
  [{ address: '10.0.0.7' }, undefined, true],
  [{ address: '10.0.0.7' }, { address: '10.0.0.7' }, true],
  [{ address: '10.0.0.7', mac: A }, { address: '10.0.0.7' }, true],
  [{ address: '10.0.0.7' }, { address: '10.0.0.7', mac: A }, true],
  [{ address: '10.0.0.7', mac: A }, { address: '10.0.0.7', mac: A }, true],
  [{ address: '10.0.0.7', mac: A }, { address: '10.0.0.7', mac: B }, false],
  [{ address: '10.0.0.7', mac: A }, { address: '10.0.0.8', mac: A }, false],
  [{ address: '10.0.0.7' }, { address: '10.0.0.8' }, false],
])('the claim of %j, asked by %j: the same as far as is known: %s', (claim, asker, same) => {
  expect(isSameAsker(claim, asker)).toBe(same);
});

it('remembers sixteen more cards of a machine, each once, and not the one that it is known by', () => {
  const machine = { mac: A };
  expect(cardsOf({ machine }, undefined)).toBeUndefined();
  expect(cardsOf({ machine }, A)).toBeUndefined();
  expect(cardsOf({ machine }, B)).toEqual([B]);
  const cards = Array.from({ length: 15 }, (_, i) => parseMac(`5254000001${(i + 16).toString(16)}`)).filter(
    (mac) => mac !== undefined,
  );
  expect(cardsOf({ machine, macs: cards }, cards[3])).toBe(cards);
  expect(cardsOf({ machine, macs: cards }, B)).toEqual([...cards, B]);
  const full = [...cards, ...cards.slice(0, 1)];
  expect(cardsOf({ machine, macs: full }, B)).toBe(full);
});
