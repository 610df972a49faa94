import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { etagOf } from '../../src/images/etag.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { nextTick } from '../support/tick.ts';

const SHA256 = 'c'.repeat(64);
const PLACE = 'images/x/1/kernel';

async function etagIn(dir: string): Promise<string> {
  const root = await openDataRoot(dir);
  return etagOf(root, PLACE, await root.stat(PLACE));
}

/** A release with its manifest, which vouches for a file of that size. */
function release(size: number, name = 'kernel'): string {
  const dir = makeFolder({ [PLACE]: 'kernel' });
  addFiles(dir, { 'images/x/1/.pilotlight.json': { files: { [name]: { size, sha256: SHA256 } } } });
  return dir;
}

describe('etagOf', () => {
  test('is the hash that was verified', async () => {
    expect(await etagIn(release(6))).toBe(`"${SHA256}"`);
  });

  test('is strong and quoted without a manifest', async () => {
    expect(await etagIn(makeFolder({ [PLACE]: 'kernel' }))).toMatch(/^"[0-9a-z-]+"$/);
  });

  test.each([
    ['another size', () => release(7)],
    ['another file', () => release(6, 'initrd')],
    ['only what every object has', () => release(6, 'constructor')],
  ])('does not trust a manifest that knows %s', async (_, make) => {
    expect(await etagIn(make())).not.toContain(SHA256);
  });

  test('does not trust a damaged manifest', async () => {
    const dir = release(6);
    writeFileSync(join(dir, 'images/x/1/.pilotlight.json'), '{');
    expect(await etagIn(dir)).not.toContain(SHA256);
  });

  test('does not trust the hash of a file that was written after it', async () => {
    const dir = release(6);
    await nextTick(join(dir, 'images/x/1/.pilotlight.json'));
    writeFileSync(join(dir, PLACE), 'KERNEL');
    const first = await etagIn(dir);
    expect(first).not.toContain(SHA256);
    await nextTick(join(dir, PLACE));
    writeFileSync(join(dir, PLACE), 'Kernel');
    expect(await etagIn(dir)).not.toBe(first);
  });

  test('a touched file has another tag: that costs a download, a wrong one costs a boot', async () => {
    const dir = release(6);
    await nextTick(join(dir, 'images/x/1/.pilotlight.json'));
    chmodSync(join(dir, PLACE), 0o600);
    expect(await etagIn(dir)).not.toContain(SHA256);
  });
});
