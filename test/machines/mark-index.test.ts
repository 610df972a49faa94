import { describe, expect, it } from 'vitest';
import { markFileName } from '../../src/machines/mark-file.ts';
import { MarkIndex } from '../../src/machines/mark-index.ts';
import type { InstallIdentity, InstallMark } from '../../src/machines/mark.ts';
import { byMac, bySerial, byUuid, MAC, NOON, TARGET, UUID } from './marks.ts';

const OTHER_MAC = '52:54:00:00:00:02';
const OTHER_UUID = '11111111-2222-3333-4444-555555555555';

function mark(who: InstallIdentity, state: InstallMark['state'] = 'installed'): InstallMark {
  return { key: who.key, machine: who.machine, ...TARGET, state, since: NOON, tries: 1 };
}

function indexOf(...marks: InstallMark[]): MarkIndex {
  return new MarkIndex(new Map(marks.map((one) => [markFileName(one.key), one])));
}

describe('a mark is found', () => {
  it('by what decided', () => {
    const index = indexOf(mark(byUuid(UUID, MAC)));
    expect(index.find(byUuid(UUID, OTHER_MAC)), 'its second network card').toBeDefined();
    expect(index.find(byUuid(OTHER_UUID, OTHER_MAC))).toBeUndefined();
    expect(indexOf(mark(bySerial('pf0 x1'))).find(bySerial('pf0 x1'))).toBeDefined();
  });

  it('by whatever else its profile knows it by', () => {
    const index = indexOf(mark(byMac()));
    expect(index.find({ ...byUuid(UUID, OTHER_MAC), also: [MAC] })).toBeDefined();
  });

  it('by the MAC that it was made for, when something else decides now', () => {
    expect(indexOf(mark(byMac(MAC, UUID))).find(byUuid(UUID, MAC))).toBeDefined();
    expect(indexOf(mark(byUuid(UUID, MAC))).find(byMac(MAC, UUID))).toBeDefined();
    expect(indexOf(mark(byUuid(UUID, MAC))).find(byMac(MAC)), 'a proxy that asks with less').toBeDefined();
  });

  it('never by a card that was moved to another machine', () => {
    expect(indexOf(mark(byUuid(UUID, MAC))).find(byUuid(OTHER_UUID, MAC))).toBeUndefined();
  });

  it('never by a UUID that did not decide: cheap boards share one', () => {
    const index = indexOf(mark(byMac(MAC, UUID)));
    expect(index.find(byMac(OTHER_MAC, UUID))).toBeUndefined();
    expect(indexOf(mark(byUuid())).find(byMac(OTHER_MAC, UUID))).toBeUndefined();
  });

  it('and of two, the one that keeps a disk from being wiped', () => {
    const index = indexOf(mark(byMac(), 'installing'), mark(byUuid()));
    expect(index.find({ ...byMac(), also: [`uuid:${UUID}`] })?.state).toBe('installed');
    expect(index.find(byMac())?.state).toBe('installing');
  });
});

it('removes all marks of a machine, and no other', () => {
  const index = indexOf(mark(byMac()), mark(byUuid(UUID, MAC)), mark(byMac(OTHER_MAC)));
  expect([...index.remove({ ...byMac(), also: [] })].sort()).toEqual(['52-54-00-55-1c-ee.json', `uuid-${UUID}.json`]);
  expect(index.all().map(({ key }) => key)).toEqual([OTHER_MAC]);
  expect([index.size, index.has('52-54-00-55-1c-ee.json')]).toEqual([1, false]);
});

it('a mark that changes its MAC is no longer found by the old one', () => {
  const index = indexOf(mark(byUuid(UUID, MAC)));
  index.set(markFileName(`uuid:${UUID}`), mark(byUuid(UUID, OTHER_MAC)));
  expect(index.find(byMac(MAC))).toBeUndefined();
  expect(index.find(byMac(OTHER_MAC))).toBeDefined();
});
