import { describe, expect, test } from 'vitest';
import { listFromFiles, rowFromFiles, shownRow, tagsOf } from '../../../src/admin/service/machine-list.ts';
import type { InstallMark } from '../../../src/machines/mark.ts';
import { good } from '../../catalog/data-folder.ts';
import { byMac, byUuid, claimAs, openSetup, TARGET, UUID } from '../../machines/marks.ts';
import { MAC, NOW, rowOf } from './setup.ts';

const UNNAMED = { held: () => undefined, match: () => undefined };
const vendors = {
  catalog: { current: () => UNNAMED } as never,
  power: { about: () => ({ by: 'IPMI', does: ['on'] }) } as never,
  vendorOf: (mac: string) => Promise.resolve(mac === MAC ? 'Intel Corporate' : undefined),
  marks: { of: () => undefined },
};

describe('a row', () => {
  test('says who made the card, and what is on its way', async () => {
    const deliveries = {
      running: () => [
        { key: MAC, file: 'a/vmlinuz', received: 5, size: 10 },
        { key: MAC, file: 'a/initrd', received: 5, size: 100 },
        { key: 'other', file: 'b', received: 1, size: 1000 },
      ],
    };
    expect(await shownRow(rowOf(), { ...vendors, deliveries })).toEqual({
      ...rowOf(),
      vendor: 'Intel Corporate',
      download: { file: 'a/initrd', received: 5, size: 100 },
    });
  });

  test('says neither where there is nothing to say', async () => {
    const row = rowOf({ key: 'serial:1', mac: '52:54:00:00:00:01' });
    expect(await shownRow(row, { ...vendors, deliveries: { running: () => [] } })).toEqual(row);
  });

  test('is found under each of its names', async () => {
    const row = rowOf({ serial: '7' });
    const deliveries = { running: () => [{ key: 'serial:7', file: 'x', received: 1, size: 2 }] };
    expect((await shownRow(row, { ...vendors, deliveries })).download?.file).toBe('x');
    const bare = { key: 'serial:7', state: 'up', boots: [] } as const;
    expect((await shownRow(bare, { ...vendors, deliveries })).download?.file).toBe('x');
  });
});

test('a row says how its node is switched on and off, unless the file of the node cannot be read', async () => {
  const deliveries = { running: () => [] };
  const match = () => ({ profile: {}, node: { name: 'a', power: { wol: {} } } });
  const named = { ...vendors, deliveries, catalog: { current: () => ({ held: () => undefined, match }) } as never };
  expect((await shownRow(rowOf({ state: 'up' }), named)).power).toEqual({ by: 'IPMI', does: ['on'] });
  const held = { severity: 'error', message: 'x', place: { file: 'a' } };
  const broken = { ...named, catalog: { current: () => ({ held: () => held, match }) } as never };
  expect((await shownRow(rowOf({ state: 'up' }), broken)).power).toBeUndefined();
});

test('a row says what its installation waits for', async () => {
  const setup = await openSetup();
  const shown = async (more: Parameters<typeof rowOf>[0] = {}) =>
    (await shownRow(rowOf(more), { ...vendors, marks: setup.marks, deliveries: { running: () => [] } })).installation;
  expect(await shown()).toBeUndefined();
  await claimAs(setup.marks, byMac(MAC));
  expect(await shown()).toEqual({
    state: 'claimed',
    text: `its installer left for 10.0.0.7 (${MAC}) and has not begun`,
  });
  await setup.marks.installed(byMac(MAC), TARGET);
  expect(await shown()).toBeUndefined();
  await setup.marks.reinstall(byMac(MAC), TARGET);
  expect(await shown()).toEqual({ state: 'erase-pending', text: 'will be erased at its next boot' });
  await setup.marks.reinstall(byUuid(), TARGET);
  expect(await shown({ key: '52:54:00:00:00:77', mac: '52:54:00:00:00:77', uuid: UUID })).toMatchObject({
    state: 'erase-pending',
  });
});

describe('without a journal', () => {
  const { profile } = good({
    version: '1.2.3',
    nodes: [
      { name: 'b', mac: MAC, ip: '10.0.0.2', tags: ['row1', 'gpu'] },
      { name: 'a', serial: 'X1', tags: ['row1'] },
      { name: 'c', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437' },
    ],
  });
  const snapshot = { profiles: new Map([['p', profile]]) };
  const mark: InstallMark = {
    key: MAC,
    machine: {},
    state: 'installed',
    since: NOW,
    tries: 1,
    profile: 'p',
    disk: '/dev/sda',
  };

  test('the files name the machines, and the marks say how far they are', () => {
    const page = listFromFiles(snapshot, [mark], { limit: 10 });
    expect(page.machines.map(({ key, name, state }) => [key, name, state])).toEqual([
      ['serial:X1', 'a', 'assigned'],
      [MAC, 'b', 'installed'],
      ['uuid:c6c30f6a-4a1b-4337-8325-c4c2543ad437', 'c', 'assigned'],
    ]);
    expect(page.states).toMatchObject({ assigned: 2, installed: 1, up: 0 });
    expect(page.next).toBeUndefined();
    expect(rowFromFiles(snapshot, [mark], MAC)).toEqual({
      key: MAC,
      mac: MAC,
      name: 'b',
      state: 'installed',
      since: NOW,
      profile: 'p',
      version: '1.2.3',
      address: '10.0.0.2',
      tags: ['row1', 'gpu'],
      boots: [],
    });
    expect(rowFromFiles(snapshot, [], 'serial:nobody')).toBeUndefined();
  });

  test.each([
    [{ text: 'x1' }, ['a']],
    [{ text: '10.0.0' }, ['b']],
    [{ state: 'installed' as const }, ['b']],
    [{ profile: 'q' }, []],
    [{ profile: 'p', text: 'C' }, ['c']],
    [{ tag: 'row1' }, ['a', 'b']],
    [{ tag: 'row' }, []],
    [{ text: 'gpu' }, ['b']],
    [{ sort: '-name' as const }, ['c', 'b', 'a']],
    [{ sort: 'address' as const }, ['b', 'a', 'c']],
    [{ sort: '-address' as const, skip: 1 }, ['a', 'c']],
  ])('%j', (query, names) => {
    expect(listFromFiles(snapshot, [mark], { ...query, limit: 10 }).machines.map(({ name }) => name)).toEqual(names);
  });

  test('every tag is there to choose from, and how many fit is counted', () => {
    expect(tagsOf(snapshot)).toEqual(['gpu', 'row1']);
    expect(listFromFiles(snapshot, [], { tag: 'row1', limit: 1 })).toMatchObject({ total: 2 });
    expect(listFromFiles(snapshot, [], { sort: 'name', limit: 1 }).next).toBeUndefined();
  });

  test('a page after the other', () => {
    const names: (string | undefined)[] = [];
    let after: string | undefined;
    do {
      const page = listFromFiles(snapshot, [], { limit: 2, after });
      names.push(...page.machines.map(({ name }) => name), '|');
      after = page.next;
    } while (after !== undefined);
    expect(names).toEqual(['a', 'b', '|', 'c', '|']);
  });
});
