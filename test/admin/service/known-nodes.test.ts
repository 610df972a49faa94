import { expect, test } from 'vitest';
import { keyFacts, nodeFacts, nodesOf, parseKey, rowFacts } from '../../../src/admin/service/known-nodes.ts';
import { good } from '../../catalog/data-folder.ts';
import { MAC, rowOf } from './stand.ts';

const UUID = 'c6c30f6a-4a1b-4337-8325-c4c2543ad437';

test('the nodes of all profiles, each by its best identity', () => {
  const nodes = [
    { name: 'a', mac: MAC.toUpperCase(), serial: 'a', ip: '10.0.0.1' },
    { name: 'b', uuid: UUID.toUpperCase() },
    { name: 'c', serial: ' X 1$ ' },
  ];
  const { profile } = good({ version: '1.2.3', nodes }, 'profiles/p.json');
  const of = { profile: 'p', version: '1.2.3' };
  expect(nodesOf({ profiles: new Map([['p', profile]]) })).toEqual([
    { key: MAC, name: 'a', address: '10.0.0.1', ...of },
    { key: `uuid:${UUID}`, name: 'b', ...of },
    // As a machine's own word is cleaned, so that both compare.
    { key: 'serial:X 1_', name: 'c', ...of },
  ]);
});

test.each([
  ['00-1B-21-00-00-01', MAC],
  ['001b.2100.0001', MAC],
  [`uuid:${UUID.toUpperCase()}`, `uuid:${UUID}`],
  ['serial:CZC 1', 'serial:CZC 1'],
  ['w1', undefined],
  [UUID, undefined],
  ['uuid:x', undefined],
  ['serial:', undefined],
  ['', undefined],
])('the key %s', (text, key) => {
  expect(parseKey(text)).toBe(key);
});

test('what is known of a machine, as it would say it', () => {
  expect(keyFacts(`uuid:${UUID}`)).toEqual({ uuid: UUID });
  expect(rowFacts(rowOf({ serial: 'x;y', hostname: 'h', address: '10.0.0.1' }))).toEqual({
    mac: MAC,
    serial: 'x_y',
    hostname: 'h',
  });
  expect(nodeFacts({ serial: 's' })).toEqual({ serial: 's' });
});
