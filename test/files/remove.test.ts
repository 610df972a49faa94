import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { removeFile } from '../../src/files/remove.ts';
import { makeFolder } from '../support/folder.ts';

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
