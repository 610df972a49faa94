import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type FileFacts, listFolder, openDataRoot, readAll } from '../../src/files/data-root.ts';
import { Failure, failureLine } from '../../src/model/failure.ts';
import { makeFolder } from '../support/folder.ts';

const FACTS: FileFacts = { size: 1, mode: 0o100600, mtimeMs: 1, dev: 1n, ino: 1n, nlink: 1n, mtimeNs: 1n, ctimeNs: 1n };

describe('listFolder', () => {
  const links = (...names: string[]) => names.map((name) => ({ name, isFile: () => false }));

  test('asks nothing about files that lie in the folder themselves', async () => {
    const asked: string[] = [];
    const listing = await listFolder([{ name: 'file', isFile: () => true }, ...links('link')], 'x', async (path) => {
      asked.push(path);
      throw new Failure('not-found', 'nothing there');
    });
    expect(asked).toEqual(['x/link']);
    expect(listing).toMatchObject({ names: ['file'], broken: [{ name: 'link' }] });
  });

  test('sorts by code units, and looks below the folder', async () => {
    const asked: string[] = [];
    const listing = await listFolder(links('b', 'a10', 'B', 'a9', 'ä'), 'configs', async (path) => {
      asked.push(path);
      return FACTS;
    });
    expect(listing).toEqual({ names: ['B', 'a10', 'a9', 'b', 'ä'], broken: [] });
    expect(asked).toContain('configs/a10');
  });

  test('keeps what cannot be read apart, with its reason', async () => {
    const failure = new Failure('refused', 'no');
    const listing = await listFolder(links('good', 'bad'), 'x', async (path) => {
      if (path === 'x/bad') throw failure;
      return FACTS;
    });
    expect(listing).toEqual({ names: ['good'], broken: [{ name: 'bad', failure }] });
  });

  test('does not hide a bug', async () => {
    const bug = new TypeError('bug');
    await expect(listFolder(links('a'), 'x', () => Promise.reject(bug))).rejects.toBe(bug);
  });
});

async function readOf(text: string, expected: number, maxBytes: number): Promise<string | undefined> {
  const handle = await open(join(makeFolder({ a: text }), 'a'), 'r');
  try {
    return (await readAll(handle, expected, maxBytes))?.toString();
  } finally {
    await handle.close();
  }
}

describe('readAll', () => {
  test.each([0, 3, 4, 5, 100])('reads 4 bytes when %i were expected', async (expected) => {
    expect(await readOf('abcd', expected, 1000)).toBe('abcd');
  });

  test('reads an empty file', async () => {
    expect(await readOf('', 0, 0)).toBe('');
  });

  test('admits exactly the limit and not one byte more', async () => {
    expect(await readOf('abcd', 4, 4)).toBe('abcd');
    expect(await readOf('abcde', 5, 4)).toBeUndefined();
  });

  test('a file that grew beyond the limit while it was read is over it', async () => {
    expect(await readOf('x'.repeat(5000), 2, 4999)).toBeUndefined();
    expect(await readOf('x'.repeat(5000), 2, 5000)).toHaveLength(5000);
  });
});

const SECRET = 'canary of the host';

/** A data directory beside a folder whose name begins like it and which holds a secret. */
async function rootWithNeighbour(): Promise<{ dir: string; root: Awaited<ReturnType<typeof openDataRoot>> }> {
  const appContext = makeFolder({ 'data/configs/a.yml': 'inside', 'data-secret/s': SECRET });
  const dir = join(appContext, 'data');
  return { dir, root: await openDataRoot(dir) };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => expect.fail('did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw error;
  return error;
}

describe('openDataRoot', () => {
  test('the root itself may be a link', async () => {
    const dir = makeFolder({ 'real/configs/a.yml': 'x' });
    symlinkSync(join(dir, 'real'), join(dir, 'link'));
    const root = await openDataRoot(join(dir, 'link'));
    expect((await root.read('configs/a.yml', 10)).bytes.toString()).toBe('x');
    expect(root.path('configs/a.yml')).toBe(join(dir, 'real/configs/a.yml'));
  });

  test('a missing root is not found, a file is none', async () => {
    const dir = makeFolder({ file: 'x' });
    expect(await failureOf(openDataRoot(join(dir, 'gone')))).toMatchObject({ code: 'not-found' });
    expect(await failureOf(openDataRoot(join(dir, 'file')))).toMatchObject({ code: 'invalid' });
    expect(failureLine(await failureOf(openDataRoot(join(dir, 'gone'))))).not.toContain(dir);
  });
});

describe('reading', () => {
  test('gives the bytes and what the file system says of them', async () => {
    const { root } = await rootWithNeighbour();
    const file = await root.read('configs/a.yml', 6);
    expect(file.bytes.toString()).toBe('inside');
    expect(file.size).toBe(6);
    expect(file).toMatchObject(await root.stat('configs/a.yml'));
  });

  test('refuses more than it was told to take', async () => {
    const { root } = await rootWithNeighbour();
    expect(await failureOf(root.read('configs/a.yml', 5))).toMatchObject({ code: 'too-large' });
  });

  test('what is not there is undefined; what is refused stays a failure', async () => {
    const root = await openDataRoot(makeFolder({ 'a.txt': 'abc' }));
    expect((await root.readIfThere('a.txt', 3))?.toString()).toBe('abc');
    expect(await root.readIfThere('b.txt', 3)).toBeUndefined();
    expect(await root.readIfThere('no/folder', 3)).toBeUndefined();
    await expect(root.readIfThere('a.txt', 2)).rejects.toMatchObject({ code: 'too-large' });
    await expect(root.readIfThere('../a', 3)).rejects.toMatchObject({ code: 'refused' });
  });

  test('names what is missing, and nothing of the host', async () => {
    const { dir, root } = await rootWithNeighbour();
    for (const path of ['configs/b.yml', 'nowhere/b.yml', 'configs/a.yml/b', `configs/${'x'.repeat(300)}`]) {
      const failure = await failureOf(root.read(path, 10));
      expect(failure.code).toBe('not-found');
      expect(failureLine(failure)).not.toContain(dir);
    }
  });

  test('a path that leads out by its letters is refused everywhere', async () => {
    const { root } = await rootWithNeighbour();
    for (const path of [
      '../data-secret/s',
      'configs/../../data-secret/s',
      '/etc/passwd',
      'configs\\a.yml',
      'a\0',
      '',
    ]) {
      expect((await failureOf(root.read(path, 100))).code).toBe('refused');
      expect((await failureOf(root.open(path))).code).toBe('refused');
      expect((await failureOf(root.stat(path))).code).toBe('refused');
      expect((await failureOf(root.list(path))).code).toBe('refused');
      expect(() => root.path(path)).toThrow(Failure);
    }
  });

  test('links inside the root are followed, links that leave it are not', async () => {
    const { dir, root } = await rootWithNeighbour();
    symlinkSync('a.yml', join(dir, 'configs/inside'));
    symlinkSync('../../data-secret/s', join(dir, 'configs/outside'));
    symlinkSync(join(dir, '../data-secret'), join(dir, 'folder'));
    symlinkSync('loop', join(dir, 'configs/loop'));
    expect((await root.read('configs/inside', 10)).bytes.toString()).toBe('inside');
    for (const path of ['configs/outside', 'folder/s', 'configs/loop']) {
      const failures = await Promise.all([root.read(path, 100), root.open(path), root.stat(path)].map(failureOf));
      for (const failure of failures) {
        expect(failure.code).toBe('refused');
        expect(failureLine(failure)).not.toContain('data-secret');
      }
    }
    expect((await failureOf(root.list('folder'))).code).toBe('refused');
  });

  test('a FIFO, a device and a folder are refused, at once', async () => {
    const { dir, root } = await rootWithNeighbour();
    execFileSync('mkfifo', [join(dir, 'configs/fifo')]);
    symlinkSync('/dev/zero', join(dir, 'configs/zero'));
    for (const path of ['configs/fifo', 'configs/zero', 'configs']) {
      expect((await failureOf(root.read(path, 10))).code).toBe('refused');
      expect((await failureOf(root.stat(path))).code).toBe('refused');
    }
  });

  test('a link that is swapped while it is read never gives the secret', async () => {
    const { dir, root } = await rootWithNeighbour();
    symlinkSync('a.yml', join(dir, 'configs/link'));
    const swapper = spawn(process.execPath, ['-e', SWAPPER, join(dir, 'configs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(swapper.stdout, 'data');
    const seen = new Set<string>();
    try {
      for (let round = 0; round < 400; round += 1) {
        const outcome = await root.read('configs/link', 100).catch((error: unknown) => {
          if (error instanceof Failure) return { bytes: Buffer.from(error.code) };
          throw error;
        });
        seen.add(outcome.bytes.toString());
      }
    } finally {
      swapper.kill();
      await once(swapper, 'close');
    }
    expect(seen).not.toContain(SECRET);
    expect(seen).toContain('inside');
    expect(seen).toContain('refused');
  });

  test('leaves no descriptor open, also when it refuses', async () => {
    const { dir, root } = await rootWithNeighbour();
    symlinkSync('/etc/passwd', join(dir, 'configs/outside'));
    const openNow = (): number => readdirSync('/proc/self/fd', { withFileTypes: true }).length;
    const before = openNow();
    for (let round = 0; round < 50; round += 1) {
      await root.read('configs/a.yml', 10);
      await failureOf(root.read('configs/a.yml', 1));
      await failureOf(root.read('configs', 1));
      await failureOf(root.read('configs/outside', 10));
    }
    // Tests in other threads of this process open files too: a leak would be 50 or more.
    expect(openNow() - before).toBeLessThan(40);
  });
});

describe('an open file', () => {
  test('stays what it was when it is cut', async () => {
    const { dir, root } = await rootWithNeighbour();
    const file = await root.open('configs/a.yml');
    truncateSync(join(dir, 'configs/a.yml'), 2);
    expect(file.size).toBe(6);
    expect((await file.handle.stat()).size).toBe(2);
    await file.handle.close();
  });
});

describe('list', () => {
  test('gives files sorted, and says what is wrong with the rest', async () => {
    const { dir, root } = await rootWithNeighbour();
    writeFileSync(join(dir, 'configs/B.yml'), '');
    mkdirSync(join(dir, 'configs/folder'));
    execFileSync('mkfifo', [join(dir, 'configs/fifo')]);
    symlinkSync('nowhere', join(dir, 'configs/dangling'));
    symlinkSync('../../data-secret/s', join(dir, 'configs/outside'));
    symlinkSync('a.yml', join(dir, 'configs/z.yml'));
    const { names, broken } = await root.list('configs');
    expect(names).toEqual(['B.yml', 'a.yml', 'z.yml']);
    expect(broken.map(({ name, failure }) => [name, failure.code])).toEqual([
      ['dangling', 'not-found'],
      ['fifo', 'refused'],
      ['folder', 'refused'],
      ['outside', 'refused'],
    ]);
  });

  test('a missing folder is not found', async () => {
    const { root } = await rootWithNeighbour();
    expect(await failureOf(root.list('nowhere'))).toMatchObject({
      code: 'not-found',
      message: 'nowhere does not exist',
    });
  });
});

// Renames a link to the inside and a link to the secret over one name, as fast as it can.
const SWAPPER = `
const { symlinkSync, renameSync } = require('node:fs');
const { join } = require('node:path');
const dir = process.argv[1];
console.log('ready');
for (;;) {
  for (const target of ['../../data-secret/s', 'a.yml']) {
    symlinkSync(target, join(dir, '.next'));
    renameSync(join(dir, '.next'), join(dir, 'link'));
  }
}`;
