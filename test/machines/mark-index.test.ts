import { describe, expect, it } from 'vitest';
import { markFileName } from '../../src/machines/mark-file.ts';
import { MarkIndex } from '../../src/machines/mark-index.ts';
import type { InstallMark } from '../../src/machines/mark.ts';
import type { InstallIdentity } from '../../src/model/machine.ts';
import { byMac, bySerial, byUuid, MAC, NOON, TARGET, UUID } from './marks.ts';

const OTHER_MAC = '52:54:00:00:00:02';
const OTHER_UUID = '11111111-2222-3333-4444-555555555555';

function mark(who: InstallIdentity, state: InstallMark['state'] = 'installed'): InstallMark {
  return { key: who.key, machine: who.machine, ...TARGET, state, since: NOON, tries: 1 };
}

function indexOf(...marks: InstallMark[]): MarkIndex {
  return new MarkIndex(new Map(marks.map((one) => [markFileName(one.key), one])));
}

describe("a mark is the machine's own", () => {
  it('by what decided', () => {
    const index = indexOf(mark(byUuid(UUID, MAC)));
    expect(index.relate(byUuid(UUID, OTHER_MAC)).own, 'its second network card').toBeDefined();
    expect(index.relate(byUuid(OTHER_UUID, OTHER_MAC))).toEqual({ own: undefined, conflict: false, other: undefined });
    expect(indexOf(mark(bySerial('pf0 x1'))).relate(bySerial('pf0 x1')).own).toBeDefined();
  });

  it('by whatever else its profile knows it by', () => {
    const index = indexOf(mark(byMac()));
    expect(index.relate({ ...byUuid(UUID, OTHER_MAC), also: [MAC] }).own).toBeDefined();
  });

  it('by the MAC that it was made for, when something else decides now', () => {
    expect(indexOf(mark(byMac(MAC, UUID))).relate(byUuid(UUID, MAC)).own).toBeDefined();
    expect(indexOf(mark(byUuid(UUID, MAC))).relate(byMac(MAC, UUID)).own).toBeDefined();
    expect(indexOf(mark(byUuid(UUID, MAC))).relate(byMac(MAC)).own, 'a proxy that asks with less').toBeDefined();
  });

  it('by its UUID in either byte order: firmware, iPXE and GRUB do not agree on one', () => {
    const swapped = '6a0fc3c6-1b4a-3743-8325-c4c2543ad437';
    expect(indexOf(mark(byUuid(UUID))).relate(byMac(OTHER_MAC, swapped)).own).toBeDefined();
    expect(indexOf(mark(byMac(MAC, UUID))).relate(byMac(MAC, swapped)).conflict).toBe(false);
    expect(indexOf(mark(byMac(MAC, UUID))).relate(byMac(OTHER_MAC, swapped)).other?.by).toBe('uuid');
    expect(indexOf(mark(byMac(MAC, swapped))).relate(byUuid(UUID)).other?.by).toBe('uuid');
  });

  it('and of two, the one that keeps a disk from being wiped', () => {
    const index = indexOf(mark(byMac(), 'erase-pending'), mark(byUuid()));
    expect(index.relate({ ...byMac(), also: [`uuid:${UUID}`] }).own?.state).toBe('installed');
    expect(index.relate(byMac()).own?.state).toBe('erase-pending');
    const damaged = { ...mark(byMac(), 'installing'), broken: 'x' };
    expect(indexOf(damaged, mark(byUuid())).relate({ ...byMac(), also: [`uuid:${UUID}`] }).own?.state).toBe(
      'installed',
    );
  });

  it('and of two machines that share a card, the one with its UUID', () => {
    const index = indexOf(mark(byMac(MAC, UUID)), mark(byUuid(OTHER_UUID), 'erase-pending'));
    expect(index.relate(byMac(MAC, OTHER_UUID))).toMatchObject({ own: { state: 'erase-pending' }, conflict: false });
  });
});

describe('a mark is that of a machine that looks alike', () => {
  it('by a card that was moved to another machine, unless a profile names that by something else', () => {
    expect(indexOf(mark(byMac(MAC, UUID))).relate(byMac(MAC, OTHER_UUID))).toMatchObject({ conflict: true });
    expect(indexOf(mark(byUuid(UUID, MAC))).relate(byMac(MAC, OTHER_UUID)).other?.by).toBe('nic');
    expect(indexOf(mark(byUuid(UUID, MAC))).relate(byUuid(OTHER_UUID, MAC)).other).toBeUndefined();
  });

  it('by a UUID, a serial number, a card that was seen in it', () => {
    expect(indexOf(mark(byMac(MAC, UUID))).relate(byMac(OTHER_MAC, UUID)).other?.by).toBe('uuid');
    expect(indexOf(mark(bySerial('S'))).relate({ ...byMac(), machine: bySerial('s').machine }).other?.by).toBe(
      'serial',
    );
    const seen = { ...mark(byUuid()), macs: [byMac(OTHER_MAC).machine.mac].filter((mac) => mac !== undefined) };
    expect(indexOf(seen).relate(byMac(OTHER_MAC)).other?.by).toBe('mac');
  });
});

it('forgets a mark that is gone, by all its words', () => {
  const index = indexOf(mark(byMac()), mark(byMac(OTHER_MAC, UUID)));
  index.delete(markFileName(OTHER_MAC));
  index.delete('never.json');
  expect(index.all().map(({ key }) => key)).toEqual([MAC]);
  expect([index.size, index.has(markFileName(MAC)), index.has(markFileName(OTHER_MAC))]).toEqual([1, true, false]);
  expect(index.relate(byUuid()).other).toBeUndefined();
});

it('a mark that changes its MAC is no longer found by the old one', () => {
  const index = indexOf(mark(byUuid(UUID, MAC)));
  index.set(markFileName(`uuid:${UUID}`), mark(byUuid(UUID, OTHER_MAC)));
  expect(index.relate(byMac(MAC)).own).toBeUndefined();
  expect(index.relate(byMac(OTHER_MAC)).own).toBeDefined();
});

describe('who waits for a file', () => {
  const claim = { address: '10.0.0.1', at: NOON, file: 'c/initrd' };
  const keys = (index: MarkIndex, address: string, file: string) =>
    [...index.waitingFor(address, file)].map(({ key }) => key);

  it('is a machine whose claim is for it and that has not begun', () => {
    const index = indexOf({ ...mark(byMac(), 'claimed'), claim }, { ...mark(byMac(OTHER_MAC), 'claimed'), claim });
    expect(keys(index, '10.0.0.1', 'c/initrd')).toEqual([byMac().key, byMac(OTHER_MAC).key]);
    expect(keys(index, '10.0.0.2', 'c/initrd'), 'from another address').toEqual([]);
    expect(keys(index, '10.0.0.1', 'c/vmlinuz'), 'another file').toEqual([]);
  });

  it('is none that has begun, or whose claim names no file', () => {
    const index = indexOf(
      { ...mark(byMac(), 'installing'), claim },
      { ...mark(byMac(OTHER_MAC), 'claimed'), claim: { address: '10.0.0.1', at: NOON } },
      mark(byUuid(UUID), 'claimed'),
    );
    expect(keys(index, '10.0.0.1', 'c/initrd')).toEqual([]);
    expect(keys(index, '10.0.0.1', 'undefined')).toEqual([]);
  });
});

it('a serial number is the same in capitals', () => {
  expect(
    indexOf(mark(bySerial('pf0 x1'))).relate({ ...byMac(), machine: { mac: MAC, serial: 'PF0 X1' } as never }).other,
  ).toBeDefined();
});
