import { join } from 'node:path';
import { expect, test } from 'vitest';
import { syncFolder } from '../../src/files/publish.ts';
import { makeFolder } from '../support/folder.ts';

test('syncs a folder, and does not hide that there is none', async () => {
  const dir = makeFolder();
  await expect(syncFolder(dir)).resolves.toBeUndefined();
  await expect(syncFolder(join(dir, 'gone'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(syncFolder(dir)).resolves.toBeUndefined();
});

test('all that ask while a sync is under way share the next one, never the one that had begun', async () => {
  const dir = makeFolder();
  const first = syncFolder(dir);
  // It begins behind those that ask in the same turn.
  expect(syncFolder(dir)).toBe(first);
  await Promise.resolve();
  await Promise.resolve();
  const second = syncFolder(dir);
  expect(second).not.toBe(first);
  expect(syncFolder(dir)).toBe(second);
  expect(syncFolder(join(dir, 'images'))).not.toBe(second);
  await first;
  await second;
  expect(syncFolder(dir)).not.toBe(second);
});

test('a folder that is gone fails for all that asked', async () => {
  const gone = join(makeFolder(), 'gone');
  const all = await Promise.allSettled([syncFolder(gone), syncFolder(gone)]);
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
