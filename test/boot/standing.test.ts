import { describe, expect, it } from 'vitest';
import { standingOf, type StandingInput } from '../../src/boot/standing.ts';
import type { Profile } from '../../src/domain/profile.ts';
import type { InstallMark } from '../../src/machines/mark.ts';
import { byMac, NOON, TARGET } from '../machines/marks.ts';
import { nameOf } from '../support/house.ts';
import { profileOf } from '../systems/sample.ts';

const WORKER: Profile = profileOf({ name: nameOf('worker'), install: { disk: '/dev/sda' } });
const LIVE: Profile = profileOf({});
const MARK: InstallMark = {
  key: byMac().key,
  machine: {},
  ...TARGET,
  state: 'installing',
  since: NOON,
  tries: 1,
  begun: NOON,
};

function at(now: number, more: Partial<StandingInput> & { profile?: Profile } = {}) {
  const { profile = WORKER, ...rest } = more;
  return standingOf({ match: { profile }, named: true, mark: MARK, now, limit: 3, ...rest });
}

describe('a machine', () => {
  it('without an installation boots its image, or its disk where its profile says so', () => {
    expect(at(NOON, { profile: LIVE })).toEqual({ kind: 'boot' });
    expect(at(NOON, { profile: LIVE, mark: { ...MARK, state: 'installed' } })).toEqual({ kind: 'boot' });
    expect(at(NOON, { profile: { ...LIVE, boot: 'local' }, mark: undefined })).toEqual({ kind: 'local' });
    expect(at(NOON, { profile: { ...WORKER, boot: 'local' } })).toEqual({ kind: 'local' });
  });

  it('that was never installed gets its installer', () => {
    expect(at(NOON, { mark: undefined })).toEqual({ kind: 'install', target: TARGET, attempt: 1, limit: 3 });
  });

  it('that is installed boots its disk, whatever profile installed it', () => {
    const mark: InstallMark = { ...MARK, state: 'installed', profile: 'before' };
    expect(at(NOON, { mark })).toEqual({ kind: 'local', mark });
  });

  it.each([
    [0, 'unfinished'],
    [59_999, 'unfinished'],
    [60_000, 'install'],
    [86_400_000, 'install'],
    [-1, 'install'], // nothing has begun yet
    [-40_000, 'install'], // the clock was set back
  ])('is back %i ms after its installation began: %s', (ms, kind) => {
    expect(at(NOON + ms).kind).toBe(kind);
  });

  it('is told which try it was, and gets the next one', () => {
    expect(at(NOON + 12_500)).toEqual({ kind: 'unfinished', begun: NOON, ago: 12_500, attempt: 1, limit: 3 });
    expect(at(NOON + 60_000)).toMatchObject({ kind: 'install', attempt: 2 });
    expect(at(NOON - 10), 'a try that has not begun is not used up').toMatchObject({ attempt: 1 });
  });

  it('waits for an operator when its tries are used up, at once', () => {
    const mark = { ...MARK, tries: 3 };
    expect(at(NOON + 1000, { mark })).toEqual({ kind: 'stopped', tries: 3 });
    expect(at(NOON + 1e9, { mark })).toEqual({ kind: 'stopped', tries: 3 });
    expect(at(NOON + 1e9, { mark, limit: 4 }).kind).toBe('install');
    expect(at(NOON - 1000, { mark }).kind, 'the third has not begun').toBe('install');
  });

  it('begins anew under another profile or with another disk', () => {
    const mark = { ...MARK, tries: 3 };
    expect(at(NOON + 1000, { mark: { ...mark, profile: 'before' } })).toMatchObject({ kind: 'install', attempt: 1 });
    expect(at(NOON + 1000, { mark: { ...mark, disk: '/dev/vda' } })).toMatchObject({ kind: 'install', attempt: 1 });
  });

  it('that says nothing of itself is not installed: it would be at each of its boots', () => {
    expect(at(NOON, { named: false, mark: undefined })).toEqual({ kind: 'nameless' });
    expect(at(NOON, { named: false, mark: undefined, profile: LIVE })).toEqual({ kind: 'boot' });
  });
});
