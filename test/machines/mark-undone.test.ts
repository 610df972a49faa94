import { readFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { byMac, claimAs, MAC, openSetup, TARGET } from './marks.ts';

/** The file gets its name, and only then the disk fails: the folder cannot be synced. */
async function failFolderSync(times: number): Promise<void> {
  const probe = await open(tmpdir(), 'r');
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own handle below
  const { sync } = handles;
  let left = times;
  vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
    if (left > 0 && (await this.stat()).isDirectory()) {
      left -= 1;
      throw Object.assign(new Error('injected'), { code: 'EIO' });
    }
    await sync.call(this);
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([1, 2])(
  'an operator who is told that it failed has erased nothing, also after a restart (%i failures)',
  async (failures) => {
    const { marks, reopen, dir } = await openSetup();
    await marks.installed(byMac(), TARGET);
    await failFolderSync(failures);
    await expect(marks.reinstall(byMac(), TARGET)).rejects.toMatchObject({ code: 'unavailable' });
    expect(readFileSync(join(dir, 'state/machines', `${MAC.replaceAll(':', '-')}.json`), 'utf8')).toContain(
      '"installed"',
    );
    await marks.close();
    expect(await claimAs(await reopen(), byMac())).toMatchObject({ kind: 'local' });
  },
);

it('a claim that could not be let go is still held after a restart', async () => {
  const { marks, reopen } = await openSetup();
  await claimAs(marks, byMac());
  await failFolderSync(1);
  await expect(marks.release(byMac())).rejects.toMatchObject({ code: 'unavailable' });
  await marks.close();
  expect(await claimAs(await reopen(), byMac(), '10.0.0.8')).toMatchObject({ kind: 'claimed' });
});
