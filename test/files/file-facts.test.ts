import { linkSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { factsOf, hasSameContent, identityOf, isSameFile, type FileFacts } from '../../src/files/data-root.ts';
import { makeFolder } from '../support/folder.ts';
import { nextTick } from '../support/tick.ts';

const FACTS: FileFacts = { size: 9, mode: 0o100600, mtimeMs: 1, dev: 1n, ino: 2n, nlink: 1n, mtimeNs: 3n, ctimeNs: 4n };

describe('identityOf', () => {
  test('is another one when any part is', () => {
    const changes: Partial<FileFacts>[] = [{ dev: 9n }, { ino: 9n }, { size: 8 }, { mtimeNs: 9n }, { ctimeNs: 9n }];
    const all = [FACTS, ...changes.map((change) => ({ ...FACTS, ...change }))].map(identityOf);
    expect(new Set(all).size).toBe(6);
  });

  test('cannot be confused by digits that move from one part to the next', () => {
    expect(identityOf({ ...FACTS, dev: 1n, ino: 12n })).not.toBe(identityOf({ ...FACTS, dev: 11n, ino: 2n }));
  });
});

describe('isSameFile', () => {
  test('needs device and inode', () => {
    expect(isSameFile(FACTS, { ...FACTS, size: 1, mtimeNs: 9n })).toBe(true);
    expect(isSameFile(FACTS, { ...FACTS, dev: 9n })).toBe(false);
    expect(isSameFile(FACTS, { ...FACTS, ino: 9n })).toBe(false);
  });
});

describe('hasSameContent of an open file', () => {
  async function contentAfter(change: (path: string) => void): Promise<boolean> {
    const path = join(makeFolder({ a: 'old bytes' }), 'a');
    const handle = await open(path, 'r');
    try {
      const before = factsOf(await handle.stat({ bigint: true }));
      await nextTick(path);
      change(path);
      return hasSameContent(before, factsOf(await handle.stat({ bigint: true })));
    } finally {
      await handle.close();
    }
  }

  test('holds when nothing happened, when it was replaced, removed or linked', async () => {
    expect(await contentAfter(() => undefined)).toBe(true);
    expect(
      await contentAfter((path) => {
        writeFileSync(`${path}.new`, 'new bytes');
        renameSync(`${path}.new`, path);
      }),
    ).toBe(true);
    expect(
      await contentAfter((path) => {
        rmSync(path);
      }),
    ).toBe(true);
    expect(
      await contentAfter((path) => {
        linkSync(path, `${path}.link`);
      }),
    ).toBe(true);
  });

  test('ends when it was written in place, also when size and mtime were put back', async () => {
    expect(
      await contentAfter((path) => {
        writeFileSync(path, 'longer than it was');
      }),
    ).toBe(false);
    expect(
      await contentAfter((path) => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, 'new bytes');
        utimesSync(path, atime, mtime);
      }),
    ).toBe(false);
  });

  test('another file is never the same content', () => {
    expect(hasSameContent(FACTS, { ...FACTS, ino: 9n })).toBe(false);
    expect(hasSameContent(FACTS, { ...FACTS, ctimeNs: 9n })).toBe(false);
    expect(hasSameContent(FACTS, { ...FACTS, ctimeNs: 9n, nlink: 0n })).toBe(true);
    expect(hasSameContent(FACTS, { ...FACTS, ctimeNs: 9n, nlink: 0n, size: 1 })).toBe(false);
  });
});
