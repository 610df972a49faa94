import { expect, test } from 'vitest';
import { claimPath, exclusiveClaims, sharedClaims } from '../../src/catalog/identity.ts';
import { canonicalAddress } from '../../src/model/ipv6.ts';
import { comparableSerial, knownBy } from '../../src/model/machine.ts';
import { facts, good } from './data-folder.ts';

test.each([
  ['192.168.122.2', '192.168.122.2'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['250.249.200.199', '250.249.200.199'],
  ['100.99.10.9', '100.99.10.9'],
  ['2001:db8::2', '2001:db8:0:0:0:0:0:2'],
  ['2001:DB8:0:0::0002', '2001:db8:0:0:0:0:0:2'],
  ['::', '0:0:0:0:0:0:0:0'],
  ['::1', '0:0:0:0:0:0:0:1'],
  ['fe80::', 'fe80:0:0:0:0:0:0:0'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::ffff:192.0.2.1', '0:0:0:0:0:ffff:c000:201'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:c000:201'],
])('%s is an address', (text, canonical) => {
  expect(canonicalAddress(text)).toBe(canonical);
});

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.4.',
  '.1.2.3.4',
  '256.1.1.1',
  '1.1.1.260',
  '300.1.1.1',
  '1.1.1.1000',
  '1..2.3',
  '1.2.3.a',
  'a1.2.3.4',
  '01.2.3.4',
  '1.2.3.4/24',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '12345::',
  '::12345',
  '::1x',
  '::1.2.3.4:5',
  '::1.2.3.256',
  'g::',
  '1.2.3.4::',
  '::1.2.3',
  '1:2:3:4:5:6:7:1.2.3.4',
])('%j is none', (text) => {
  expect(canonicalAddress(text)).toBeUndefined();
});

const UUID = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';
const { profile } = good({
  default: true,
  nodes: [
    { name: 'A', mac: '52-54-00-00-00-01' },
    { name: 'b', uuid: UUID.toUpperCase(), serial: 'X 1', ip: '2001:DB8::1' },
  ],
});

test('a profile claims the identities of its nodes, and the default', () => {
  expect(exclusiveClaims(profile)).toEqual([
    { id: 'mac 52:54:00:00:00:01', node: 0, key: 'mac' },
    { id: `uuid ${UUID}`, node: 1, key: 'uuid' },
    { id: 'serial x 1', node: 1, key: 'serial' },
    { id: 'default', node: -1, key: 'default' },
  ]);
  expect(exclusiveClaims(good({}).profile)).toEqual([]);
});

test('names compare without case, addresses in one spelling', () => {
  expect(sharedClaims(profile).map(({ id }) => id)).toEqual(['name a', 'name b', 'ip 2001:db8:0:0:0:0:0:1']);
});

test('a claim knows its place', () => {
  expect(exclusiveClaims(profile).map(claimPath)).toEqual([
    ['nodes', 0, 'mac'],
    ['nodes', 1, 'uuid'],
    ['nodes', 1, 'serial'],
    ['default'],
  ]);
});

test('a node and the machine it means compare equal, however they were written', () => {
  const { nodes } = good({
    nodes: [{ name: 'a', mac: '5254.0055.1CEE', uuid: 'C6C30F6A-4A1B-4337-8325-C4C2543AD437', serial: '  czc#12  a ' }],
  }).profile;
  const machine = facts({ mac: '52-54-00-55-1c-ee', uuid: 'c6c30f6a-4a1b-4337-8325-c4c2543ad437', serial: 'CZC#12 A' });
  for (const key of ['mac', 'uuid', 'serial'] as const) {
    expect(knownBy(machine, key)).toBeDefined();
    expect(nodes.map((node) => knownBy(node, key))).toEqual([knownBy(machine, key)]);
  }
});

test('what is not known has no identity', () => {
  expect(knownBy({}, 'mac')).toBeUndefined();
  expect(knownBy({}, 'serial')).toBeUndefined();
  expect(comparableSerial('')).toBeUndefined();
});
