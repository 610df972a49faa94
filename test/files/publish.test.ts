import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { makeFolder as makePath, placeFile, publishFolder, removeFile, writeOut } from '../../src/files/publish.ts';
import { makeFolder } from '../support/folder.ts';

test('writes a new file; what is there gives way only to force', async () => {
  const dir = makeFolder();
  const path = join(dir, 'out.iso');
  await writeOut(path, 'one', { force: false, mode: 0o600 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(writeOut(path, 'two', { force: false, mode: 0o600 })).rejects.toMatchObject({
    code: 'conflict',
    message: `${path} exists already`,
    remedy: 'choose another name, or add --force',
  });
  expect(readFileSync(path, 'utf8')).toBe('one');
  await writeOut(path, 'two', { force: true, mode: 0o600 });
  expect(readFileSync(path, 'utf8')).toBe('two');
});

test('says what is wrong with the place, and leaves nothing there', async () => {
  const dir = makeFolder();
  await expect(writeOut(join(dir, 'no/x'), 'x', { force: true, mode: 0o600 })).rejects.toThrow(
    'its folder does not exist',
  );
  await expect(writeOut(join(dir, 'images'), 'x', { force: true, mode: 0o600 })).rejects.toThrow('is a folder');
  expect(readdirSync(dir)).toEqual(['configs', 'images', 'profiles', 'sshkeys']);
});

describe('placeFile', () => {
  test('the first writer wins: what is there stays, byte for byte, and no draft is left', async () => {
    const dir = makeFolder();
    const results = await Promise.all(
      ['one', 'two', 'three'].map(async (text) => placeFile(join(dir, 'state'), text, { mode: 0o600, replace: false })),
    );
    expect(results.toSorted()).toEqual(['exists', 'exists', 'placed']);
    const winner = ['one', 'two', 'three'][results.indexOf('placed')];
    expect(readFileSync(join(dir, 'state'), 'utf8')).toBe(winner);
    expect(readdirSync(dir)).toEqual(['configs', 'images', 'profiles', 'sshkeys', 'state']);
  });

  test('replaces when that is asked for, as another file', async () => {
    const dir = makeFolder({ old: 'old' });
    const before = statSync(join(dir, 'old')).ino;
    expect(await placeFile(join(dir, 'old'), 'new', { mode: 0o640, replace: true })).toBe('placed');
    expect(readFileSync(join(dir, 'old'), 'utf8')).toBe('new');
    expect(statSync(join(dir, 'old')).ino).not.toBe(before);
    expect(statSync(join(dir, 'old')).mode & 0o777).toBe(0o640);
  });

  test('leaves no draft when it fails', async () => {
    const dir = makeFolder();
    mkdirSync(join(dir, 'full'));
    writeFileSync(join(dir, 'full/x'), '');
    await expect(placeFile(join(dir, 'full'), 'x', { mode: 0o600, replace: true })).rejects.toThrow('EISDIR');
    const fails = placeFile(join(dir, 'new'), 'x', {
      mode: 0o600,
      replace: false,
      prepare: async () => Promise.reject(new TypeError('not now')),
    });
    await expect(fails).rejects.toThrow('not now');
    expect(readdirSync(dir)).toEqual(['configs', 'full', 'images', 'profiles', 'sshkeys']);
  });
});

it('removes a file, and what is not there is as good as removed', async () => {
  const dir = makeFolder({ 'state/a.json': 'x', 'b.json': 'x' });
  const root = await openDataRoot(dir);
  await removeFile(root, 'state/a.json');
  await removeFile(root, 'b.json');
  await removeFile(root, 'state/a.json');
  await removeFile(root, 'nowhere/a.json');
  expect([existsSync(join(dir, 'state/a.json')), existsSync(join(dir, 'b.json'))]).toEqual([false, false]);
});

it('of a link removes the link, never what it leads to', async () => {
  const dir = makeFolder({ 'state/target': 'x' });
  const outside = makeFolder({ 'kept.json': 'x' });
  symlinkSync('target', join(dir, 'state/link'));
  symlinkSync(join(outside, 'kept.json'), join(dir, 'state/out'));
  symlinkSync(outside, join(dir, 'folder'));
  const root = await openDataRoot(dir);
  await removeFile(root, 'state/link');
  await removeFile(root, 'state/out');
  await expect(removeFile(root, 'folder/kept.json')).rejects.toMatchObject({ code: 'refused' });
  expect([existsSync(join(dir, 'state/target')), existsSync(join(dir, 'state/link'))]).toEqual([true, false]);
  expect(existsSync(join(outside, 'kept.json'))).toBe(true);
});

it.each(['../x', '/etc/hosts', 'a/../../x', ''])('refuses %j', async (path) => {
  await expect(removeFile(await openDataRoot(makeFolder()), path)).rejects.toMatchObject({ code: 'refused' });
});

it('leaves a folder alone', async () => {
  const dir = makeFolder();
  mkdirSync(join(dir, 'state'));
  await expect(removeFile(await openDataRoot(dir), 'state')).rejects.toMatchObject({ code: 'unavailable' });
  expect(existsSync(join(dir, 'state'))).toBe(true);
});

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
