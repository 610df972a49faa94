import { describe, expect, it } from 'vitest';
import { lifeOf, type LifeInput } from '../../src/machines/life.ts';
import type { InstallMark } from '../../src/machines/mark.ts';
import { byMac, NOON, TARGET } from './marks.ts';

const MARK: InstallMark = {
  ...{ key: byMac().key, machine: {}, ...TARGET },
  ...{ state: 'installing', since: NOON, tries: 1, begun: NOON },
};

function at(now: number, own: InstallMark | undefined = MARK, more: Partial<LifeInput> = {}) {
  return lifeOf({ related: { own, conflict: false }, target: TARGET, now, limit: 3, ...more });
}

describe('a machine whose profile installs', () => {
  it('that was never installed gets its installer', () => {
    const life = lifeOf({ related: { conflict: false }, target: TARGET, now: NOON, limit: 3 });
    expect(life).toEqual({ kind: 'install', target: TARGET, attempt: 1, limit: 3 });
  });

  it('that is installed boots its disk, whatever profile installed it, and in any trouble', () => {
    const mark: InstallMark = { ...MARK, state: 'installed', profile: 'before' };
    expect(at(NOON, mark)).toEqual({ kind: 'local', mark });
    expect(at(NOON, mark, { trouble: 'no disk' })).toEqual({ kind: 'local', mark });
    expect(at(NOON, mark, { related: { own: mark, conflict: true } }), 'its board was changed').toMatchObject({
      kind: 'local',
    });
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
    expect(at(NOON + 1000, mark)).toEqual({ kind: 'stopped', tries: 3 });
    expect(at(NOON + 1e9, mark)).toEqual({ kind: 'stopped', tries: 3 });
    expect(at(NOON + 1e9, mark, { limit: 4 }).kind).toBe('install');
    expect(at(NOON - 1000, mark).kind, 'the third has not begun').toBe('install');
  });

  it('begins anew under another profile or with another disk', () => {
    const mark = { ...MARK, tries: 3 };
    expect(at(NOON + 1000, { ...mark, profile: 'before' })).toMatchObject({ kind: 'install', attempt: 1 });
    expect(at(NOON + 1000, { ...mark, disk: '/dev/vda' })).toMatchObject({ kind: 'install', attempt: 1 });
  });

  it('waits in any trouble, and says which', () => {
    expect(at(NOON + 60_000, MARK, { trouble: 'no disk' })).toEqual({ kind: 'unknown', why: 'no disk' });
    const claimed: InstallMark = { ...MARK, state: 'claimed', claim: { address: '10.0.0.7', at: NOON } };
    expect(at(NOON, claimed, { trouble: 'no disk' }).kind, 'also who holds a claim').toBe('unknown');
    expect(at(NOON, { ...MARK, broken: 'damaged' })).toEqual({ kind: 'unknown', why: 'damaged', damaged: true });
  });

  it('that an operator wants anew is installed, whatever it looks like', () => {
    const mark: InstallMark = { ...MARK, state: 'erase-pending', tries: 0 };
    const other = { mark: { ...MARK, state: 'installed' as const }, by: 'uuid' as const };
    expect(at(NOON, mark, { related: { own: mark, conflict: false, other } })).toMatchObject({ attempt: 1 });
    expect(at(NOON, mark, { related: { own: mark, conflict: true } })).toMatchObject({ kind: 'alike', by: 'nic' });
  });

  it('that an operator wants anew waits while one that it looks like is being installed', () => {
    const mark: InstallMark = { ...MARK, state: 'erase-pending', tries: 0 };
    for (const state of ['claimed', 'installing'] as const) {
      const other = { mark: { ...MARK, state }, by: 'uuid' as const };
      expect(at(NOON, mark, { related: { own: mark, conflict: false, other } })).toEqual({ kind: 'alike', ...other });
    }
  });

  it('that was only seen gets its installer, unless it looks like one that is known', () => {
    const own: InstallMark = { ...MARK, state: 'seen', tries: 0 };
    const other = { mark: MARK, by: 'serial' as const };
    expect(at(NOON, own)).toMatchObject({ kind: 'install', attempt: 1 });
    expect(at(NOON, own, { related: { own, conflict: false, other } })).toEqual({ kind: 'alike', ...other });
    expect(at(NOON, undefined, { related: { conflict: false, other } })).toEqual({ kind: 'alike', ...other });
  });

  it('whose report did not count waits for an operator, whoever asks and whatever its tries', () => {
    const report = { at: NOON, address: '10.0.0.9' };
    expect(at(NOON + 1e9, { ...MARK, refused: report })).toEqual({ kind: 'refused', report });
    const conflict = { ...MARK, refused: report };
    expect(at(NOON, conflict, { related: { own: conflict, conflict: true } })).toMatchObject({ kind: 'alike' });
  });

  it('of which nothing can be seen has half a minute, in which another address waits', () => {
    const mark: InstallMark = { ...MARK, claim: { address: '10.0.0.7', at: NOON } };
    const asker = { address: '10.0.0.8' };
    for (const ahead of [1, 30_000]) expect(at(NOON - ahead, mark, { asker }).kind).toBe('claimed');
    for (const ahead of [0, 30_001]) expect(at(NOON - ahead, mark, { asker }).kind).not.toBe('claimed');
    expect(at(NOON - 1, mark, { asker: { address: '10.0.0.7' } })).toMatchObject({ kind: 'install', again: true });
    expect(at(NOON - 1, { ...mark, disk: '/dev/vda' })).not.toHaveProperty('again');
  });

  it('that holds a claim gets the same again; who only looks sees that', () => {
    const mac = byMac().machine.mac;
    const claimed: InstallMark = { ...MARK, state: 'claimed', claim: { address: '10.0.0.7', mac, at: NOON } };
    expect(at(NOON, claimed)).toMatchObject({ kind: 'install', attempt: 2, again: true });
    expect(at(NOON, claimed, { asker: { address: '10.0.0.7' } })).toMatchObject({ kind: 'install', again: true });
    expect(at(NOON, claimed, { asker: { address: '10.0.0.8', mac } }).kind).toBe('claimed');
    const card = byMac('52:54:00:00:00:02').machine.mac;
    expect(at(NOON, claimed, { asker: { address: '10.0.0.7', mac: card } }).kind).toBe('claimed');
  });
});
