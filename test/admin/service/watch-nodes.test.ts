import { expect, test } from 'vitest';
import { openHouse } from '../../../src/context/app-context.ts';
import { watchNodes } from '../../../src/admin/service/watch-nodes.ts';
import { SILENT } from '../../../src/model/log.ts';
import type { KnownNode } from '../../../src/journal/journal.ts';
import { addFiles, makeFolder } from '../../support/folder.ts';
import { settingsFor } from '../../support/house.ts';

const NODE = { name: 'w1', mac: '52:54:00:00:00:01', ip: '192.0.2.11' };

test('the journal knows every node at start and after an edit, until the server ends', async () => {
  const dir = makeFolder({ 'profiles/a.json': { version: '1.0', nodes: [NODE] } });
  const { catalog } = await openHouse(settingsFor(dir), SILENT);
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
