import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeVendor } from '../support/openpgp-vendor.ts';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDataRoot } from '../../src/files/data-root.ts';
import type { ReleasePorts } from '../../src/releases/ports.ts';
import { createUploads } from '../../src/releases/upload.ts';
import { beginDay, type Day, INITRD } from '../support/upstream-day.ts';

const vendor = makeVendor();
let day: Day;
beforeEach(async () => {
  day = await beginDay(vendor);
});
afterEach(() => day.end());

const run = promisify(execFile);
/** A file system of its own for images/; false where this user may not mount. */
async function mount(options: string): Promise<boolean> {
  return run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', join(day.bench.dir, 'images')]).then(
    () => true,
    () => false,
  );
}
async function remount(options: string): Promise<void> {
  await run('mount', ['-o', `remount,${options}`, join(day.bench.dir, 'images')]);
}
async function unmount(): Promise<void> {
  await run('umount', [join(day.bench.dir, 'images')]);
}

describe('a bad day of the disk', () => {
  it('too little space: says how much is needed, and begins nothing', async () => {
    const space = (): Promise<{ free: number; total: number }> => Promise.resolve({ free: 100_000, total: 1_000_000 });
    const message = await day.report({ ...day.bench.ports, space });
    expect(message).toBe('not enough space in images/: 450000 bytes are needed, 100000 are free');
    expect(day.upstream.count(`GET ${INITRD}`)).toBe(0);
    await day.heals();
  });

  it('full within a piece of an upload: that piece is not said to be there', async (context) => {
    if (!(await mount('size=4m'))) {
      context.skip('needs a user who may mount');
      return;
    }
    try {
      const uploads = createUploads(await openDataRoot(day.bench.dir), Date.now);
      const upload = await uploads.begin(1_000_000);
      await writeFile(join(day.bench.dir, 'images', 'other'), Buffer.alloc(3_500_000));
      const put = uploads.put(upload, 'a', 0, Buffer.alloc(900_000));
      await expect(put).rejects.toMatchObject({ message: 'no space left to write it' });
    } finally {
      await unmount();
    }
  });

  it('full in the middle, on a real file system: what was there goes, and room for the machine with it', async (context) => {
    if (!(await mount('size=300k'))) {
      context.skip('needs a user who may mount');
      return;
    }
    try {
      const ports: ReleasePorts = { ...day.bench.ports, space: () => Promise.resolve({ free: 1e9, total: 1e9 }) };
      expect(await day.report(ports)).toBe('no space left to write it');
      expect(await day.bench.drafts()).toEqual([]);
      await remount('size=10m');
      await day.heals();
    } finally {
      await unmount();
    }
  });

  it('read-only', async (context) => {
    if (!(await mount('size=10m'))) {
      context.skip('needs a user who may mount');
      return;
    }
    try {
      await remount('ro');
      expect(await day.report()).toBe('the file system is read-only');
      await remount('rw');
      await day.heals();
    } finally {
      await unmount();
    }
  });
});
