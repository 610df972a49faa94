import { appendFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { SharedFile } from '../../src/images/shared-file.ts';
import { makeFolder } from '../support/folder.ts';
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
