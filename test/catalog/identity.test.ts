import { expect, test } from 'vitest';
import { comparableSerial, identityOf } from '../../src/catalog/identity.ts';
import { facts, good } from './data-folder.ts';

test('a node and the machine it means compare equal, however they were written', () => {
  const { nodes } = good({
    nodes: [{ name: 'a', mac: '5254.0055.1CEE', uuid: 'C6C30F6A-4A1B-4337-8325-C4C2543AD437', serial: '  czc#12  a ' }],
  }).profile;
  const machine = facts({ mac: '52-54-00-55-1c-ee', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', serial: 'CZC#12 A' });
  for (const key of ['mac', 'uuid', 'serial'] as const) {
    expect(identityOf(machine, key)).toBeDefined();
    expect(nodes.map((node) => identityOf(node, key))).toEqual([identityOf(machine, key)]);
  }
});

test('what is not known has no identity', () => {
  expect(identityOf({}, 'mac')).toBeUndefined();
  expect(identityOf({}, 'serial')).toBeUndefined();
  expect(comparableSerial('')).toBeUndefined();
});
