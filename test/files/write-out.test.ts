import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeOut } from '../../src/files/write-out.ts';
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
