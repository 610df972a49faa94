import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import type * as SyncFolder from '../../src/files/sync-folder.ts';
import { byMac, claimAs, MAC, openStand, TARGET } from './marks.ts';

const disk = vi.hoisted(() => ({ failures: 0 }));

/** The file gets its name, and only then the disk fails: the folder cannot be synced. */
vi.mock('../../src/files/sync-folder.ts', async (original) => {
  const { syncFolder } = await original<typeof SyncFolder>();
  return {
    syncFolder: async (path: string) => {
      if (disk.failures > 0 && path.endsWith('machines')) {
        disk.failures -= 1;
        throw Object.assign(new Error('injected'), { code: 'EIO' });
      }
      await syncFolder(path);
    },
  };
});

beforeEach(() => {
  disk.failures = 0;
});

it.each([1, 2])(
  'an operator who is told that it failed has erased nothing, also after a restart (%i failures)',
  async (failures) => {
    const { marks, reopen, dir } = await openStand();
    await marks.installed(byMac(), TARGET);
    disk.failures = failures;
    await expect(marks.reinstall(byMac(), TARGET)).rejects.toMatchObject({ code: 'unavailable' });
    expect(readFileSync(join(dir, 'state/machines', `${MAC.replaceAll(':', '-')}.json`), 'utf8')).toContain(
      '"installed"',
    );
    await marks.close();
    expect(await claimAs(await reopen(), byMac())).toMatchObject({ kind: 'local' });
  },
);

it('a claim that could not be let go is still held after a restart', async () => {
  const { marks, reopen } = await openStand();
  await claimAs(marks, byMac());
  disk.failures = 1;
  await expect(marks.release(byMac())).rejects.toMatchObject({ code: 'unavailable' });
  await marks.close();
  expect(await claimAs(await reopen(), byMac(), '10.0.0.8')).toMatchObject({ kind: 'claimed' });
});
