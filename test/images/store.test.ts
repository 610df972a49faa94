import { readdirSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { ChunkCache } from '../../src/images/chunk-cache.ts';
import { openShelf, type Shelf, type ShelfFile } from '../../src/images/store.ts';
import { makeFolder } from '../support/folder.ts';

async function shelfOf(files: Record<string, string>): Promise<{ dir: string; shelf: Shelf; cache: ChunkCache }> {
  const dir = makeFolder(files);
  const cache = new ChunkCache(1024 * 1024);
  return { dir, cache, shelf: openShelf(await openDataRoot(dir), cache) };
}

async function textOf(file: ShelfFile): Promise<string> {
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
    const { shelf } = await shelfOf(FILES);
    expect(await shelf.has('x/kernel')).toBe(true);
    const file = await shelf.open('x/kernel');
    expect(file).toMatchObject({ path: 'x/kernel', size: 12 });
    expect(Math.abs(Date.now() - file.mtimeMs)).toBeLessThan(60_000);
    expect(await textOf(file)).toBe('kernel bytes');
    file.close();
  });

  test.each(NOT_SERVED)('does not give out %j', async (path) => {
    const { dir, shelf } = await shelfOf(FILES);
    symlinkSync('/etc/passwd', join(dir, 'images/outside'));
    symlinkSync('/etc', join(dir, 'images/away'));
    symlinkSync('.drafts/1/kernel', join(dir, 'images/draft'));
    symlinkSync('.drafts', join(dir, 'images/drafts'));
    symlinkSync('x/.pilotlight.json', join(dir, 'images/manifest'));
    symlinkSync('../state/admin-token', join(dir, 'images/token'));
    symlinkSync('../state', join(dir, 'images/state'));
    expect(await shelf.has(path)).toBe(false);
    const outcome: unknown = await shelf.open(path).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(Failure);
    expect(['not-found', 'refused']).toContain((outcome as Failure).code);
  });

  test('follows links inside images/, and images/ itself may be a link to another folder of the data', async () => {
    const { dir, shelf } = await shelfOf({ 'images/x/kernel': 'kernel bytes', 'other/x/kernel': 'OTHER BYTES.' });
    symlinkSync('x', join(dir, 'images/current'));
    const first = await shelf.open('current/kernel');
    expect(await textOf(first)).toBe('kernel bytes');
    first.close();
    // The operator puts another folder in the place of images/ while the server runs.
    renameSync(join(dir, 'images'), join(dir, 'before'));
    symlinkSync('other', join(dir, 'images'));
    symlinkSync('x', join(dir, 'other/current'));
    const second = await shelf.open('current/kernel');
    expect(await textOf(second)).toBe('OTHER BYTES.');
    second.close();
  });

  test('opens a file once for all its readers, and closes it when all have left', async () => {
    const { dir, shelf } = await shelfOf(FILES);
    const files = await Promise.all(Array.from({ length: 50 }, () => shelf.open('x/kernel')));
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
    const { dir, shelf } = await shelfOf(FILES);
    for (let round = 0; round < 3; round += 1) {
      const file = await shelf.open('x/kernel');
      expect(descriptorsOf(dir)).toBe(1);
      file.close();
      await expect.poll(() => descriptorsOf(dir)).toBe(0);
    }
  });

  test('a replaced file: the reader keeps the old one, the next gets the new one and another tag', async () => {
    const { dir, shelf } = await shelfOf(FILES);
    const old = await shelf.open('x/kernel');
    writeFileSync(join(dir, 'images/new'), 'KERNEL BYTES');
    renameSync(join(dir, 'images/new'), join(dir, 'images/x/kernel'));
    const now = await shelf.open('x/kernel');
    expect(await textOf(old)).toBe('kernel bytes');
    expect(await textOf(now)).toBe('KERNEL BYTES');
    expect(now.etag).not.toBe(old.etag);
    expect(old.etag).toMatch(/^"[0-9a-z-]+"$/);
    old.close();
    now.close();
  });

  test('a file that is replaced all the time is delivered whole, in some version', async () => {
    const { dir, shelf } = await shelfOf(FILES);
    const seen = new Set<string>();
    for (let round = 0; round < 100; round += 1) {
      writeFileSync(join(dir, 'images/new'), String(round % 10).repeat(12));
      const opening = shelf.open('x/kernel').catch(() => undefined);
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
    const { shelf, cache } = await shelfOf(FILES);
    for (let round = 0; round < 3; round += 1) {
      const file = await shelf.open('x/kernel');
      await textOf(file);
      file.close();
    }
    expect(cache.counters.reads).toBe(1);
  });
});
