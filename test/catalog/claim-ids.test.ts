import { expect, test } from 'vitest';
import { claimPath, exclusiveClaims, sharedClaims } from '../../src/catalog/claim-ids.ts';
import { good } from './data-folder.ts';

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
