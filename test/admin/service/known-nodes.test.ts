import { expect, test } from 'vitest';
import { machineKeyFrom, nodesOf, watchNodes } from '../../../src/admin/service/known-nodes.ts';
import { openContext } from '../../../src/context/app-context.ts';
import type { KnownNode } from '../../../src/journal/journal.ts';
import { factsFrom, keyFacts, nodeFacts, parseKey } from '../../../src/model/machine.ts';
import { SILENT } from '../../../src/model/service.ts';
import { good } from '../../catalog/data-folder.ts';
import { addFiles, makeFolder } from '../../support/folder.ts';
import { settingsFor } from '../../support/app-context.ts';
import { MAC, rowOf } from './setup.ts';

const NODE = { name: 'w1', mac: '52:54:00:00:00:01', ip: '192.0.2.11' };

test('the journal knows every node at start and after an edit, until the server ends', async () => {
  const dir = makeFolder({ 'profiles/a.json': { version: '1.0', nodes: [NODE] } });
  const { catalog } = await openContext(settingsFor(dir), SILENT);
  const known: (readonly KnownNode[])[] = [];
  const watch = watchNodes(catalog, { know: (nodes) => known.push(nodes) });
  await catalog.refresh();
  await watch.start();
  const first = { key: NODE.mac, name: 'w1', profile: 'a', version: '1.0', address: '192.0.2.11' };
  expect(known).toEqual([[first]]);

  addFiles(dir, { 'profiles/a.json': { version: '2.0', nodes: [{ ...NODE, name: 'w2' }] } });
  await catalog.refresh();
  expect(known.at(-1)).toEqual([{ ...first, name: 'w2', version: '2.0' }]);
  await watch.stop(AbortSignal.abort());

  addFiles(dir, { 'profiles/a.json': { version: '3.0', nodes: [] } });
  await catalog.refresh();
  expect(known).toHaveLength(2);
});

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
  expect(factsFrom(rowOf({ serial: 'x;y', hostname: 'h', address: '10.0.0.1' }))).toEqual({
    mac: MAC,
    serial: 'x_y',
    hostname: 'h',
  });
  expect(nodeFacts({ serial: 's' })).toEqual({ serial: 's' });
});

test.each([
  ['52:54:00:12:34:56', '52:54:00:12:34:56'],
  ['52-54-00-12-34-AB', '52:54:00:12:34:ab'],
  ['5254001234ab', '52:54:00:12:34:ab'],
  ['uuid:7C2B1F0E-0000-4000-8000-000000000001', 'uuid:7c2b1f0e-0000-4000-8000-000000000001'],
  ['serial:ABC 123', 'serial:ABC 123'],
  ['serial:<b>', 'serial:_b_'],
])('%s is %s', (text, key) => {
  expect(machineKeyFrom(text)).toBe(key);
});

test.each(['', 'worker-1', '52:54:00', 'uuid:', 'uuid:00000000-0000-0000-0000-000000000000', 'serial:', 'serial:a\nb'])(
  '%j names no machine',
  (text) => {
    expect(parseKey(text)).toBeUndefined();
    expect(() => machineKeyFrom(text)).toThrow(expect.objectContaining({ code: 'invalid' }) as Error);
  },
);
