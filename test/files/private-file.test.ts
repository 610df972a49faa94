import { chmodSync, chownSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { createPrivateFile, isExposed } from '../../src/files/private-file.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

describe('createPrivateFile', () => {
  test('makes a file for its owner alone, in a folder for its owner alone', async () => {
    const dir = makeFolder();
    const root = await openDataRoot(dir);
    expect(await createPrivateFile(root, 'state/ssh/a', 'secret')).toBe('created');
    expect(readFileSync(join(dir, 'state/ssh/a'), 'utf8')).toBe('secret');
    expect([modeOf(join(dir, 'state/ssh/a')), modeOf(join(dir, 'state/ssh')), modeOf(join(dir, 'state'))]).toEqual([
      0o600, 0o700, 0o755,
    ]);
    expect(await createPrivateFile(root, 'state/ssh/a.pub', 'public', 0o644)).toBe('created');
    expect(modeOf(join(dir, 'state/ssh/a.pub'))).toBe(0o644);
  });

  test('never touches what is there', async () => {
    const dir = makeFolder({ 'state/ssh/a': 'old' });
    const before = statSync(join(dir, 'state/ssh/a'), { bigint: true });
    expect(await createPrivateFile(await openDataRoot(dir), 'state/ssh/a', 'new')).toBe('exists');
    expect(statSync(join(dir, 'state/ssh/a'), { bigint: true })).toEqual(before);
    expect(readdirSync(join(dir, 'state/ssh'))).toEqual(['a']);
  });

  test('a folder that leads out of the root is refused', async () => {
    const dir = makeFolder({ 'data/x': '', 'outside/x': '' });
    symlinkSync('../outside', join(dir, 'data/state'));
    const root = await openDataRoot(join(dir, 'data'));
    await expect(createPrivateFile(root, 'state/ssh/a', 'x')).rejects.toMatchObject({ code: 'refused' });
    await expect(createPrivateFile(root, '../outside/a', 'x')).rejects.toMatchObject({ code: 'refused' });
    expect(readdirSync(join(dir, 'outside'))).toEqual(['x']);
  });

  needs({ root: true }).test('what root makes belongs to the owner of the data directory', async () => {
    const dir = makeFolder();
    chownSync(dir, 12_345, 12_346);
    await createPrivateFile(await openDataRoot(dir), 'state/ssh/a', 'x');
    for (const path of ['state', 'state/ssh', 'state/ssh/a']) {
      expect(statSync(join(dir, path))).toMatchObject({ uid: 12_345, gid: 12_346 });
    }
  });
});

test('a file that others may read or write is exposed', async () => {
  const dir = makeFolder({ a: '' });
  const root = await openDataRoot(dir);
  const seen: boolean[] = [];
  for (const mode of [0o600, 0o400, 0o640, 0o604, 0o620]) {
    chmodSync(join(dir, 'a'), mode);
    seen.push(await isExposed(root, 'a'));
  }
  expect(seen).toEqual([false, false, true, true, true]);
});
