import { join } from 'node:path';
import { expect, test } from 'vitest';
import { syncFolder } from '../../src/files/publish.ts';
import { makeFolder } from '../support/folder.ts';

test('syncs a folder, and does not hide that there is none', async () => {
  const dir = makeFolder();
  await expect(syncFolder(dir)).resolves.toBeUndefined();
  await expect(syncFolder(join(dir, 'gone'))).rejects.toMatchObject({ code: 'ENOENT' });
});
