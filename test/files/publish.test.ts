import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { makeFolder as makePath, publishFolder } from '../../src/files/publish.ts';
import { makeFolder } from '../support/folder.ts';

const DRAFT = { 'images/.drafts/1/kernel': 'k', 'images/.drafts/1/sub/initrd': 'i' };

describe('publishFolder', () => {
  test('moves the whole folder to its place, and makes what is above it', async () => {
    const dir = makeFolder(DRAFT);
    await publishFolder(await openDataRoot(dir), 'images/.drafts/1', 'images/flatcar/amd64/1.2.3');
    expect(readFileSync(join(dir, 'images/flatcar/amd64/1.2.3/kernel'), 'utf8')).toBe('k');
    expect(readFileSync(join(dir, 'images/flatcar/amd64/1.2.3/sub/initrd'), 'utf8')).toBe('i');
    expect(readdirSync(join(dir, 'images/.drafts'))).toEqual([]);
  });

  test.each([
    ['a release', { 'images/x/1/kernel': 'old' }],
    ['an empty folder', { 'images/x/placeholder': '' }],
  ])('never overwrites %s', async (_, files) => {
    const dir = makeFolder({ ...DRAFT, ...files });
    mkdirSync(join(dir, 'images/x/1'), { recursive: true });
    const root = await openDataRoot(dir);
    await expect(publishFolder(root, 'images/.drafts/1', 'images/x/1')).rejects.toMatchObject({
      code: 'conflict',
      message: 'images/x/1 exists already',
    });
    expect(existsSync(join(dir, 'images/.drafts/1/kernel'))).toBe(true);
    expect(readdirSync(join(dir, 'images/x/1'))).not.toContain('sub');
  });

  test('does not follow a link out of the root, on either side', async () => {
    const dir = makeFolder({ 'data/images/.drafts/1/kernel': 'k', 'out/x': '' });
    symlinkSync('../../out', join(dir, 'data/images/away'));
    const root = await openDataRoot(join(dir, 'data'));
    await expect(publishFolder(root, 'images/.drafts/1', 'images/away/1')).rejects.toMatchObject({ code: 'refused' });
    await expect(publishFolder(root, 'images/away', 'images/1')).rejects.toMatchObject({ code: 'refused' });
    expect(readdirSync(join(dir, 'out'))).toEqual(['x']);
  });

  test('a draft that is not there is not found', async () => {
    const root = await openDataRoot(makeFolder());
    await expect(publishFolder(root, 'images/.drafts/9', 'images/x/1')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('makeFolder', () => {
  test('makes every level once, and gives the real path', async () => {
    const dir = makeFolder();
    const root = await openDataRoot(dir);
    const paths = await Promise.all([makePath(root, 'a/b/c'), makePath(root, 'a/b/c'), makePath(root, 'a/b')]);
    expect(paths).toEqual([join(dir, 'a/b/c'), join(dir, 'a/b/c'), join(dir, 'a/b')]);
    expect(await makePath(root, '.')).toBe(dir);
  });

  test('a file in the way is not found, a way out is refused', async () => {
    const dir = makeFolder({ file: 'x' });
    const root = await openDataRoot(dir);
    await expect(makePath(root, 'file/b')).rejects.toMatchObject({ code: 'not-found' });
    await expect(makePath(root, 'a/../../b')).rejects.toMatchObject({ code: 'refused' });
    expect(existsSync(join(dir, 'a'))).toBe(false);
  });
});
