import { expect, test } from 'vitest';
import type { KnownNode } from '../../src/journal/journal.ts';
import type { MachineRow } from '../../src/model/views.ts';
import { databaseFile, dhcp, factsOf, macOf, openSetup, phoneHome, script, T, type Setup } from './setup.ts';

const UUID = '5d1c0000-0000-4000-8000-000000000001';

function node(key: string, name: string, more: Partial<KnownNode> = {}): KnownNode {
  return { key, name, profile: 'workers', version: '1.0', ...more };
}

let round = 0;
function know({ store }: Setup, nodes: readonly KnownNode[], now = T): void {
  round += 1;
  store.know({ nodes, round, last: true }, now);
}

function rows({ store }: Setup): readonly MachineRow[] {
  return store.machines({ limit: 500 }, T).machines;
}

test('nodes that were never seen are assigned, without times', () => {
  const at = openSetup();
  know(at, [node(macOf(1), 'w1', { address: '10.1.0.1' }), node(`uuid:${UUID}`, 'w2'), node('serial:S3', 'w3')]);
  const common = { state: 'assigned', profile: 'workers', version: '1.0', boots: [] };
  expect(rows(at)).toEqual([
    { ...common, key: macOf(1), mac: macOf(1), name: 'w1', address: '10.1.0.1' },
    { ...common, key: `uuid:${UUID}`, uuid: UUID, name: 'w2' },
    { ...common, key: 'serial:S3', serial: 'S3', name: 'w3' },
  ]);
  expect(at.store.machine(macOf(1), T)).toMatchObject({ row: { name: 'w1' }, boots: [] });
});

test('the list takes the place of the one before', () => {
  const at = openSetup();
  know(at, [node(macOf(1), 'w1'), node(macOf(2), 'w2')]);
  know(at, [node(macOf(2), 'w2-new', { profile: 'others', version: '2.0' })]);
  expect(rows(at)).toMatchObject([{ key: macOf(2), name: 'w2-new', profile: 'others', version: '2.0' }]);
  know(at, []);
  expect(rows(at)).toEqual([]);
});

test('in parts: nobody goes before the last one', () => {
  const at = openSetup();
  know(at, [node(macOf(1), 'w1'), node(macOf(2), 'w2')]);
  at.store.know({ nodes: [node(macOf(2), 'w2')], round: 1000, last: false }, T);
  expect(rows(at)).toHaveLength(2);
  at.store.know({ nodes: [node(macOf(3), 'w3')], round: 1000, last: true }, T);
  expect(rows(at).map(({ name }) => name)).toEqual(['w2', 'w3']);
});

test('an unknown machine that a profile names now is assigned; one that none names any more is unknown', () => {
  const at = openSetup();
  at.feed(script(T, 1, 'unknown', { because: 'nobody names it' }));
  know(at, [node(macOf(1), 'w1')], T + 5);
  expect(rows(at)[0]).toMatchObject({ state: 'assigned', since: T + 5, name: 'w1', profile: 'workers' });
  expect(rows(at)[0]).not.toHaveProperty('because');
  know(at, [], T + 9);
  expect(rows(at)[0]).toMatchObject({ state: 'unknown', since: T + 9, lastSeen: T });
  expect(rows(at)[0]).not.toHaveProperty('name');
});

test('what a machine is does not change by being named or not', () => {
  const at = openSetup();
  at.feed(script(T, 1, 'boot'), phoneHome(T + 1, 1));
  know(at, [node(macOf(1), 'w1', { version: '2.0' })], T + 5);
  expect(rows(at)[0]).toMatchObject({ state: 'up', since: T + 1, version: '1.0', name: 'w1' });
  know(at, [], T + 9);
  expect(rows(at)[0]).toMatchObject({ state: 'up', profile: 'workers' });
});

test('until it boots again, a machine shows what it would boot', () => {
  const at = openSetup();
  at.feed(script(T, 1, 'waiting'));
  know(at, [node(macOf(1), 'w1', { profile: 'others', version: '2.0' })]);
  expect(rows(at)[0]).toMatchObject({ profile: 'others', version: '2.0' });
});

test.each([
  ['uuid', `uuid:${UUID}`, { uuid: UUID }],
  ['serial', 'serial:S1', { serial: 'S1' }],
] as const)('a node that is named by its %s is the machine that reports it', (_, key, facts) => {
  const at = openSetup();
  know(at, [node(key, 'w1')]);
  at.feed(dhcp(T, 1));
  expect(rows(at).map(({ state }) => state)).toEqual(['unknown', 'assigned']);
  at.feed(script(T + 1, 1, 'waiting', { facts: factsOf(1, facts) }));
  expect(rows(at)).toMatchObject([{ key: macOf(1), name: 'w1', state: 'assigned' }]);
  know(at, [node(key, 'w1')]);
  expect(rows(at)).toHaveLength(1);
  know(at, []);
  expect(rows(at)).toMatchObject([{ key: macOf(1), state: 'unknown' }]);
});

test('the other way round: the machine was there first', () => {
  const at = openSetup();
  at.feed(script(T, 1, 'unknown', { facts: factsOf(1, { uuid: UUID, serial: 'S1' }) }));
  know(at, [node(`uuid:${UUID}`, 'w1')]);
  expect(rows(at)).toMatchObject([{ key: macOf(1), name: 'w1', state: 'assigned' }]);
});

test('after a restart the list that was told before still counts', () => {
  const file = databaseFile();
  know(openSetup({}, file), [node(macOf(1), 'w1'), node(macOf(2), 'w2')]);
  const at = openSetup({}, file);
  know(at, [node(macOf(2), 'w2')]);
  expect(rows(at).map(({ name }) => name)).toEqual(['w2']);
});
