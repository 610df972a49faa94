import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openDataRoot } from '../../src/files/data-root.ts';
import { replaceFile } from '../../src/files/replace.ts';
import { makeFolder } from '../support/folder.ts';
import { needs } from '../support/needs.ts';

const run = promisify(execFile);

describe('replaceFile', () => {
  test('replaces in one step: another inode, the same mode', async () => {
    const dir = makeFolder({ 'profiles/a.json': 'old' });
    const path = join(dir, 'profiles/a.json');
    chmodSync(path, 0o640);
    const before = statSync(path);
    expect(await replaceFile(await openDataRoot(dir), 'profiles/a.json', 'new')).toBe('replaced');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o7777).toBe(0o640);
    expect(statSync(path).ino).not.toBe(before.ino);
    expect(readdirSync(join(dir, 'profiles'))).toEqual(['a.json']);
  });

  test('makes a new file, with the mode that was asked for', async () => {
    const dir = makeFolder();
    const root = await openDataRoot(dir);
    await replaceFile(root, 'profiles/new.json', Buffer.from('x'));
    await replaceFile(root, 'token', 'secret', { mode: 0o600 });
    expect(readFileSync(join(dir, 'profiles/new.json'), 'utf8')).toBe('x');
    expect(statSync(join(dir, 'token')).mode & 0o7777).toBe(0o600);
  });

  test('writes through a link: it stays a link, its target gets the content', async () => {
    const dir = makeFolder({ 'shared/a.json': 'old' });
    symlinkSync('../shared/a.json', join(dir, 'profiles/a.json'));
    await replaceFile(await openDataRoot(dir), 'profiles/a.json', 'new');
    expect(lstatSync(join(dir, 'profiles/a.json')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(dir, 'shared/a.json')).isFile()).toBe(true);
    expect(readFileSync(join(dir, 'shared/a.json'), 'utf8')).toBe('new');
  });

  test('a link that leaves the root, and one that leads nowhere, are not written to', async () => {
    const dir = makeFolder({ 'data/profiles/x': '', 'outside.json': 'old' });
    const root = await openDataRoot(join(dir, 'data'));
    symlinkSync('../../outside.json', join(dir, 'data/profiles/a.json'));
    symlinkSync('../../new.json', join(dir, 'data/profiles/b.json'));
    symlinkSync('..', join(dir, 'data/up'));
    await expect(replaceFile(root, 'profiles/a.json', 'new')).rejects.toMatchObject({ code: 'refused' });
    await expect(replaceFile(root, 'profiles/b.json', 'new')).rejects.toMatchObject({ code: 'not-found' });
    await expect(replaceFile(root, 'up/c.json', 'new')).rejects.toMatchObject({ code: 'refused' });
    await expect(replaceFile(root, '../c.json', 'new')).rejects.toMatchObject({ code: 'refused' });
    expect(readdirSync(dir).sort()).toEqual(['configs', 'data', 'images', 'outside.json', 'profiles', 'sshkeys']);
    expect(readFileSync(join(dir, 'outside.json'), 'utf8')).toBe('old');
  });

  test('asks just before it replaces, and leaves the file alone when told so', async () => {
    const dir = makeFolder({ 'profiles/a.json': 'old' });
    const path = join(dir, 'profiles/a.json');
    const confirm = async (): Promise<boolean> => {
      writeFileSync(path, 'of a person');
      return false;
    };
    expect(await replaceFile(await openDataRoot(dir), 'profiles/a.json', 'new', { confirm })).toBe('kept');
    expect(readFileSync(path, 'utf8')).toBe('of a person');
    expect(readdirSync(join(dir, 'profiles'))).toEqual(['a.json']);
  });

  test('whatever fails leaves the old file and nothing else', async () => {
    const dir = makeFolder({ 'profiles/a.json': 'old' });
    const confirm = (): Promise<boolean> => Promise.reject(Object.assign(new Error('/host'), { code: 'EIO' }));
    await expect(replaceFile(await openDataRoot(dir), 'profiles/a.json', 'new', { confirm })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'cannot be read or written (EIO)',
    });
    expect(readFileSync(join(dir, 'profiles/a.json'), 'utf8')).toBe('old');
    expect(readdirSync(join(dir, 'profiles'))).toEqual(['a.json']);
  });

  test('a missing folder is named', async () => {
    const root = await openDataRoot(makeFolder());
    await expect(replaceFile(root, 'nowhere/a.json', 'x')).rejects.toMatchObject({ code: 'not-found' });
  });

  needs({ root: true }).test('keeps the owner', async () => {
    const dir = makeFolder({ 'profiles/a.json': 'old' });
    chownSync(join(dir, 'profiles/a.json'), 1234, 4321);
    chmodSync(join(dir, 'profiles/a.json'), 0o604);
    await replaceFile(await openDataRoot(dir), 'profiles/a.json', 'new');
    const { uid, gid, mode } = statSync(join(dir, 'profiles/a.json'));
    expect([uid, gid, mode & 0o7777]).toEqual([1234, 4321, 0o604]);
  });

  // A file system of 64 KiB, in a mount namespace of its own.
  needs({ commands: ['unshare'], root: true }).test('a full disk leaves the old file and nothing else', async () => {
    const dir = makeFolder({ 'full.ts': FULL });
    const script = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" --import tsx "$3" "$1"';
    const { stdout } = await run('unshare', [
      '-m',
      'sh',
      '-c',
      script,
      'sh',
      join(dir, 'profiles'),
      process.execPath,
      join(dir, 'full.ts'),
    ]);
    expect(JSON.parse(stdout)).toEqual({
      failure: 'unavailable: no space left to write it',
      names: ['a'],
      text: 'old',
    });
  });
});

const source = (file: string): string => JSON.stringify(join(import.meta.dirname, '../../src/files', file));
const FULL = `
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { openDataRoot } from ${source('data-root.ts')};
import { replaceFile } from ${source('replace.ts')};
async function main() {
  const dir = process.argv[2]!;
  writeFileSync(dir + '/a', 'old');
  const root = await openDataRoot(dir);
  const failure = await replaceFile(root, 'a', Buffer.alloc(1024 * 1024)).catch((error) => error.code + ': ' + error.message);
  console.log(JSON.stringify({ failure, names: readdirSync(dir), text: readFileSync(dir + '/a', 'utf8') }));
}
main();
`;
