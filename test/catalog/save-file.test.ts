import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogFile, catalogFileAt } from '../../src/catalog/catalog-file.ts';
import { readIfThere, revisionOf, saveFile } from '../../src/catalog/save-file.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { MAX_PROFILE_BYTES } from '../../src/model/profile.ts';
import { makeFolder } from '../support/folder.ts';

test('a revision is the SHA-256 of the very bytes', () => {
  expect(revisionOf(Buffer.from('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(revisionOf(Buffer.from('abc\n'))).not.toBe(revisionOf(Buffer.from('abc\r\n')));
});

const FILE = 'profiles/p.json';
const at = (file: string) => ({ file, maxBytes: MAX_PROFILE_BYTES });

async function setup(text: string | Buffer) {
  const dir = makeFolder({ [FILE]: text });
  return { dir, path: join(dir, FILE), files: await openDataRoot(dir) };
}

describe('a file that operators edit', () => {
  test.each([
    ['profiles', 'a', 'profiles/a.json'],
    ['profiles', 'lab/a', 'profiles/lab/a.json'],
    ['configs', 'a.yml.hbs', 'configs/a.yml.hbs'],
    ['configs', 'Makefile', 'configs/Makefile'],
    ['sshkeys', 'ops', 'sshkeys/ops.pub'],
  ])('of %s, called %s, is %s', (folder, name, file) => {
    expect(catalogFile(folder, name)).toMatchObject({ file, folder, name });
    expect(catalogFileAt(file)).toEqual(catalogFile(folder, name));
  });

  test.each([
    ...['', '.', '..', '../a', 'a/../b', 'a/b/c', '/etc/passwd', '.hidden', 'lab/.hidden', 'a\\b', 'a\u0000', 'a\n'],
    ...['x.swp', 'a~', '#a#', 'x'.repeat(129), '%2e%2e', '.hbs', 'a/..hbs'],
  ])('is never called %j', (name) => {
    expect(() => catalogFile('configs', name)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  test.each(['secrets', 'state', 'images', '', '..', 'profiles/lab', '__proto__', 'constructor'])(
    'is never in %j',
    (folder) => {
      expect(() => catalogFile(folder, 'a')).toThrow(expect.objectContaining({ code: 'invalid' }));
      expect(catalogFileAt(`${folder}/a`)).toBeUndefined();
    },
  );

  test('is not read through a link into secrets/ or state/, and not outside', async () => {
    const { dir, files } = await setup('{}');
    for (const folder of ['secrets', 'state', 'configs', 'shared']) mkdirSync(join(dir, folder), { recursive: true });
    for (const folder of ['secrets', 'state', 'shared']) {
      writeFileSync(join(dir, folder, 'x'), 'x');
      symlinkSync(`../${folder}/x`, join(dir, 'configs', folder));
    }
    symlinkSync('/etc/hostname', join(dir, 'configs/host'));
    for (const name of ['secrets', 'state', 'host'])
      await expect(readIfThere(files, at(`configs/${name}`))).rejects.toMatchObject({ code: 'refused' });
    expect((await readIfThere(files, at('configs/shared')))?.toString()).toBe('x');
  });
});

describe('a file that is saved whole', () => {
  const bytes = Buffer.from('{"root": "b"}');

  test('on top of the text that it was made of', async () => {
    const { path, files } = await setup('{"root": "a"}');
    await saveFile(files, at(FILE), bytes, revisionOf(Buffer.from('{"root": "a"}')));
    expect(readFileSync(path)).toEqual(bytes);
  });

  test.each([revisionOf(Buffer.from('other')), undefined, ''])('not on top of another: %s', async (revision) => {
    const { path, files } = await setup('{"root": "a"}');
    await expect(saveFile(files, at(FILE), bytes, revision)).rejects.toMatchObject({
      code: 'conflict',
      place: { file: FILE },
    });
    expect(readFileSync(path, 'utf8')).toBe('{"root": "a"}');
  });

  test('a new one, unless there is one', async () => {
    const { dir, files } = await setup('{}');
    await saveFile(files, at('profiles/new.json'), bytes, undefined);
    expect(readFileSync(join(dir, 'profiles/new.json'))).toEqual(bytes);
    expect(statSync(join(dir, 'profiles/new.json')).mode & 0o777 & ~0o022).toBe(0o644);
    await expect(saveFile(files, at('profiles/new.json'), bytes, undefined)).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('one that went meanwhile does not come back', async () => {
    const { path, files } = await setup('{"root": "a"}');
    const revision = revisionOf(readFileSync(path));
    rmSync(path);
    await expect(saveFile(files, at(FILE), bytes, revision)).rejects.toMatchObject({ code: 'conflict' });
    expect(await readIfThere(files, at(FILE))).toBeUndefined();
  });

  test('not a larger one than is read, and not outside', async () => {
    const { dir, files } = await setup('{}');
    const large = Buffer.alloc(MAX_PROFILE_BYTES + 1, ' ');
    await expect(saveFile(files, at('profiles/l.json'), large, undefined)).rejects.toMatchObject({ code: 'too-large' });
    symlinkSync('/etc/hostname', join(dir, 'profiles/out.json'));
    await expect(saveFile(files, at('profiles/out.json'), bytes, undefined)).rejects.toMatchObject({ code: 'refused' });
    await expect(saveFile(files, at('../x.json'), bytes, undefined)).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('a file that is removed', () => {
  const before = Buffer.from('{"root": "a"}');

  test('is gone, with nothing left beside it', async () => {
    const { dir, path, files } = await setup(before);
    await saveFile(files, at(FILE), undefined, revisionOf(before));
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(join(dir, 'profiles'))).toEqual([]);
  });

  test('is kept when another one changed it, or has it written meanwhile', async () => {
    const { path, files } = await setup('{"root": "b"}');
    await expect(saveFile(files, at(FILE), undefined, revisionOf(before))).rejects.toMatchObject({ code: 'conflict' });
    writeFileSync(path, before);
    // Just before it goes an editor writes into it.
    files.beforeEdit.add(async () => {
      writeFileSync(path, '{"root": "c"}');
    });
    await expect(saveFile(files, at(FILE), undefined, revisionOf(before))).rejects.toMatchObject({ code: 'conflict' });
    expect(readFileSync(path, 'utf8')).toBe('{"root": "c"}');
  });

  test('by a link: the link goes, what it leads to stays', async () => {
    const { dir, path, files } = await setup(before);
    symlinkSync('p.json', join(dir, 'profiles/l.json'));
    await saveFile(files, at('profiles/l.json'), undefined, revisionOf(before));
    expect(readdirSync(join(dir, 'profiles'))).toEqual(['p.json']);
    expect(readFileSync(path)).toEqual(before);
  });

  test('stays where what it holds cannot be kept', async () => {
    const { path, files } = await setup(before);
    files.beforeEdit.add(() => Promise.reject(new TypeError('no space')));
    await expect(saveFile(files, at(FILE), undefined, revisionOf(before))).rejects.toThrow('no space');
    expect(readFileSync(path)).toEqual(before);
  });
});
