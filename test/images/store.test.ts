import { appendFileSync, chmodSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { ChunkCache } from '../../src/images/chunk-cache.ts';
import { etagOf, openImageStore, SharedFile, type ImageStore, type StoredImage } from '../../src/images/store.ts';
import { Failure } from '../../src/model/failure.ts';
import { addFiles, makeFolder } from '../support/folder.ts';
import { nextTick } from '../support/tick.ts';

async function shared(): Promise<{ path: string; file: SharedFile; closed: () => number; fd: () => number }> {
  const dir = makeFolder({ 'images/a': 'abcdefgh' });
  utimesSync(join(dir, 'images/a'), 1, 1);
  const open = await (await openDataRoot(dir)).open('images/a');
  let closed = 0;
  const file = new SharedFile(open, 'id', () => (closed += 1));
  return { path: join(dir, 'images/a'), file, closed: () => closed, fd: () => open.handle.fd };
}

async function text(file: SharedFile, position: number, length: number): Promise<string> {
  const target = Buffer.alloc(length);
  await file.readInto(target, position);
  return target.toString();
}

describe('SharedFile', () => {
  test('fills exactly what it is given', async () => {
    const { file } = await shared();
    file.use();
    expect(await text(file, 2, 4)).toBe('cdef');
    expect(await text(file, 0, 8)).toBe('abcdefgh');
    file.leave();
  });

  test('is closed when the last user has left, once, and cannot be used again', async () => {
    const { file, closed, fd } = await shared();
    file.use();
    file.use();
    file.leave();
    expect(closed()).toBe(0);
    file.leave();
    expect(closed()).toBe(1);
    await expect.poll(fd).toBe(-1);
    expect(file.use()).toBe(false);
    await expect(text(file, 0, 1)).rejects.toThrow(TypeError);
    expect(closed()).toBe(1);
  });

  test('stays open for a read that is under way', async () => {
    const { file, closed } = await shared();
    file.use();
    const reading = text(file, 0, 8);
    file.leave();
    expect(closed()).toBe(0);
    expect(await reading).toBe('abcdefgh');
    expect(closed()).toBe(1);
  });

  test('is delivered to its end after it was replaced or removed', async () => {
    const { path, file } = await shared();
    file.use();
    writeFileSync(`${path}.new`, 'ABCDEFGH');
    renameSync(`${path}.new`, path);
    expect(await text(file, 4, 4)).toBe('efgh');
    rmSync(path);
    expect(await text(file, 4, 4)).toBe('efgh');
    file.leave();
  });

  test.each<[string, (path: string) => void]>([
    ['cut', (path) => { truncateSync(path, 4); }],
    ['continued', (path) => { appendFileSync(path, 'i'); }],
    ['overwritten', (path) => { writeFileSync(path, 'ABCDEFGH'); }],
    ['overwritten with its time put back', (path) => { writeFileSync(path, 'ABCDEFGH'); utimesSync(path, 1, 1); }],
  ])('gives no byte any more when it was %s in place', async (_, change) => {
    const { path, file } = await shared();
    file.use();
    expect(await text(file, 0, 4)).toBe('abcd');
    await nextTick(path);
    change(path);
    await expect(text(file, 4, 4)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(text(file, 0, 4)).rejects.toMatchObject({ code: 'unavailable' });
    file.leave();
  });
});

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

async function shelfOf(files: Record<string, string>): Promise<{ dir: string; imageStore: ImageStore; cache: ChunkCache }> {
  const dir = makeFolder(files);
  const cache = new ChunkCache(1024 * 1024);
  return { dir, cache, imageStore: openImageStore(await openDataRoot(dir), cache) };
}

async function textOf(file: StoredImage): Promise<string> {
  let text = '';
  while (text.length < file.size) {
    const slice = await file.slice(text.length, file.size);
    text += slice.bytes.toString('latin1');
    slice.release();
  }
  return text;
}

function descriptorsOf(dir: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      return false;
    }
  }).length;
}

const NOT_SERVED = [
  '.drafts/1/kernel',
  'x/.pilotlight.json',
  '../configs/a.yml',
  'x/../../configs/a.yml',
  'outside',
  'away/passwd',
  'draft',
  'drafts/1/kernel',
  'manifest',
  'token',
  'state/admin-token',
  'x',
  'missing',
  '',
  '/x/kernel',
  'x//kernel',
  'x\\kernel',
  'x/kernel\0',
];

const FILES = {
  'images/x/kernel': 'kernel bytes',
  'images/.drafts/1/kernel': 'not verified',
  'images/x/.pilotlight.json': '{}',
  'configs/a.yml': 'not an image',
  'state/admin-token': 'secret',
};

describe('the shelf', () => {
  test('knows what is there', async () => {
    const { imageStore } = await shelfOf(FILES);
    expect(await imageStore.has('x/kernel')).toBe(true);
    const file = await imageStore.open('x/kernel');
    expect(file).toMatchObject({ path: 'x/kernel', size: 12 });
    expect(Math.abs(Date.now() - file.mtimeMs)).toBeLessThan(60_000);
    expect(await textOf(file)).toBe('kernel bytes');
    file.close();
  });

  test.each(NOT_SERVED)('does not give out %j', async (path) => {
    const { dir, imageStore } = await shelfOf(FILES);
    symlinkSync('/etc/passwd', join(dir, 'images/outside'));
    symlinkSync('/etc', join(dir, 'images/away'));
    symlinkSync('.drafts/1/kernel', join(dir, 'images/draft'));
    symlinkSync('.drafts', join(dir, 'images/drafts'));
    symlinkSync('x/.pilotlight.json', join(dir, 'images/manifest'));
    symlinkSync('../state/admin-token', join(dir, 'images/token'));
    symlinkSync('../state', join(dir, 'images/state'));
    expect(await imageStore.has(path)).toBe(false);
    const outcome: unknown = await imageStore.open(path).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(Failure);
    expect(['not-found', 'refused']).toContain((outcome as Failure).code);
  });

  test('follows links inside images/, and images/ itself may be a link to another folder of the data', async () => {
    const { dir, imageStore } = await shelfOf({ 'images/x/kernel': 'kernel bytes', 'other/x/kernel': 'OTHER BYTES.' });
    symlinkSync('x', join(dir, 'images/current'));
    const first = await imageStore.open('current/kernel');
    expect(await textOf(first)).toBe('kernel bytes');
    first.close();
    // The operator puts another folder in the place of images/ while the server runs.
    renameSync(join(dir, 'images'), join(dir, 'before'));
    symlinkSync('other', join(dir, 'images'));
    symlinkSync('x', join(dir, 'other/current'));
    const second = await imageStore.open('current/kernel');
    expect(await textOf(second)).toBe('OTHER BYTES.');
    second.close();
  });

  test('opens a file once for all its readers, and closes it when all have left', async () => {
    const { dir, imageStore } = await shelfOf(FILES);
    const files = await Promise.all(Array.from({ length: 50 }, () => imageStore.open('x/kernel')));
    expect(descriptorsOf(dir)).toBe(1);
    for (const file of files.slice(1)) {
      file.close();
      file.close();
    }
    expect(descriptorsOf(dir)).toBe(1);
    const [first] = files;
    expect(await Promise.resolve(first?.slice(0, 12)).then((slice) => slice?.bytes.toString())).toBe('kernel bytes');
    first?.close();
    expect(() => files[0]?.slice(0, 1)).toThrow(TypeError);
  });

  test('closes the descriptor after the last reader, and opens it again for the next', async () => {
    const { dir, imageStore } = await shelfOf(FILES);
    for (let round = 0; round < 3; round += 1) {
      const file = await imageStore.open('x/kernel');
      expect(descriptorsOf(dir)).toBe(1);
      file.close();
      await expect.poll(() => descriptorsOf(dir)).toBe(0);
    }
  });

  test('a replaced file: the reader keeps the old one, the next gets the new one and another tag', async () => {
    const { dir, imageStore } = await shelfOf(FILES);
    const old = await imageStore.open('x/kernel');
    writeFileSync(join(dir, 'images/new'), 'KERNEL BYTES');
    renameSync(join(dir, 'images/new'), join(dir, 'images/x/kernel'));
    const now = await imageStore.open('x/kernel');
    expect(await textOf(old)).toBe('kernel bytes');
    expect(await textOf(now)).toBe('KERNEL BYTES');
    expect(now.etag).not.toBe(old.etag);
    expect(old.etag).toMatch(/^"[0-9a-z-]+"$/);
    old.close();
    now.close();
  });

  test('a file that is replaced all the time is delivered whole, in some version', async () => {
    const { dir, imageStore } = await shelfOf(FILES);
    const seen = new Set<string>();
    for (let round = 0; round < 100; round += 1) {
      writeFileSync(join(dir, 'images/new'), String(round % 10).repeat(12));
      const opening = imageStore.open('x/kernel').catch(() => undefined);
      renameSync(join(dir, 'images/new'), join(dir, 'images/x/kernel'));
      const file = await opening;
      if (file === undefined) continue;
      seen.add(await textOf(file));
      file.close();
    }
    expect(seen.size).toBeGreaterThan(3);
    for (const text of seen) expect(text).toMatch(/^(?:kernel bytes|(\d)\1{11})$/);
    expect([...seen].some((text) => text.startsWith('9'))).toBe(true);
  });

  test('shares what is in memory between one opening and the next', async () => {
    const { imageStore, cache } = await shelfOf(FILES);
    for (let round = 0; round < 3; round += 1) {
      const file = await imageStore.open('x/kernel');
      await textOf(file);
      file.close();
    }
    expect(cache.counters.reads).toBe(1);
  });
});
