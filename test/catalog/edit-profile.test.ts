import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { editProfile, type Judge, withoutMachines } from '../../src/catalog/edit-profile.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { MAX_PROFILE_BYTES } from '../../src/model/profile.ts';
import { makeFolder } from '../support/folder.ts';

const FILE = 'profiles/p.json';
const fine: Judge = () => Promise.resolve([]);
const upper = (text: string): string => text.replace('"a"', '"A"');

async function setup(text: string | Buffer) {
  const dir = makeFolder({ [FILE]: text });
  return { dir, path: join(dir, FILE), files: await openDataRoot(dir) };
}

describe('a change of a profile', () => {
  test('keeps the mark, the line ends, the mode and every other byte', async () => {
    const { dir, path, files } = await setup('\uFEFF{\r\n\t"root": "a",\r\n\t"vars": {"x": "\u017d"}}');
    chmodSync(path, 0o640);
    expect(await editProfile(files, FILE, upper, fine)).toBe('written');
    expect(readFileSync(path, 'utf8')).toBe('\uFEFF{\r\n\t"root": "A",\r\n\t"vars": {"x": "\u017d"}}');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(dir, 'profiles'))).toEqual(['p.json']);
  });

  test('that changes nothing writes nothing, and is not judged', async () => {
    const { files } = await setup('{"root": "b"}');
    const before = await files.stat(FILE);
    const never: Judge = () => Promise.reject(new TypeError('judged'));
    expect(await editProfile(files, FILE, upper, never)).toBe('same');
    expect(await files.stat(FILE)).toEqual(before);
  });

  test('is made on top of what the operator saved meanwhile', async () => {
    const { path, files } = await setup('{"root": "a"}');
    let saved = false;
    const judge: Judge = async () => {
      if (!saved) writeFileSync(path, '{"root": "a", "sshkey": "k"}');
      saved = true;
      return Promise.resolve([]);
    };
    expect(await editProfile(files, FILE, upper, judge)).toBe('written');
    expect(readFileSync(path, 'utf8')).toBe('{"root": "A", "sshkey": "k"}');
  });

  test('gives way to somebody who saves each time', async () => {
    const { path, files } = await setup('{"root": "a"}');
    let saves = 0;
    const judge: Judge = async () => {
      saves += 1;
      writeFileSync(path, `{"root": "a"}${' '.repeat(saves)}`);
      return Promise.resolve([]);
    };
    await expect(editProfile(files, FILE, upper, judge)).rejects.toMatchObject({
      code: 'conflict',
      place: { file: FILE },
    });
    expect(saves).toBe(10);
    expect(readFileSync(path, 'utf8')).toBe(`{"root": "a"}${' '.repeat(10)}`);
  });

  test('that would not come into force is not written, and its place is told', async () => {
    const { path, files } = await setup('{"root": "a"}');
    const place = { file: FILE, key: 'root', line: 1, column: 2 };
    const judge: Judge = (bytes) => {
      expect(bytes.toString()).toBe('{"root": "A"}');
      return Promise.resolve([
        { severity: 'warning', message: 'w', place },
        { severity: 'error', message: 'no', place, remedy: 'r' },
      ]);
    };
    await expect(editProfile(files, FILE, upper, judge)).rejects.toMatchObject({
      code: 'invalid',
      message: 'it would not do: no',
      place,
      remedy: 'r',
    });
    expect(readFileSync(path, 'utf8')).toBe('{"root": "a"}');
  });

  test('a warning does not stop it', async () => {
    const { files } = await setup('{"root": "a"}');
    const judge: Judge = () => Promise.resolve([{ severity: 'warning', message: 'w', place: { file: FILE } }]);
    expect(await editProfile(files, FILE, upper, judge)).toBe('written');
  });

  test.each([
    ['{"root": "a",}', 'broken'],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'broken'],
  ])('a file that is not JSON is left alone', async (text, code) => {
    const { path, files } = await setup(text);
    await expect(editProfile(files, FILE, upper, fine)).rejects.toMatchObject({ code, place: { file: FILE } });
    expect(readFileSync(path)).toEqual(Buffer.from(text));
  });

  test('nothing grows beyond what is read', async () => {
    const { files } = await setup('{"root": "a"}');
    const grow = (text: string): string => text + ' '.repeat(MAX_PROFILE_BYTES);
    await expect(editProfile(files, FILE, grow, fine)).rejects.toMatchObject({ code: 'too-large' });
  });

  test('a link stays a link', async () => {
    const { dir, path, files } = await setup('{"root": "a"}');
    writeFileSync(join(dir, 'configs/real.json'), '{"root": "a"}');
    rmSync(path);
    symlinkSync('../configs/real.json', path);
    expect(await editProfile(files, FILE, upper, fine)).toBe('written');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dir, 'configs/real.json'), 'utf8')).toBe('{"root": "A"}');
  });

  test('no file, no change', async () => {
    const { files } = await setup('{}');
    await expect(editProfile(files, 'profiles/q.json', upper, fine)).rejects.toMatchObject({ code: 'not-found' });
  });
});

test.each([
  [
    '{\n  "root": "a",\n  "default": true,\n  "nodes": [{ "name": "a" }]\n}\n',
    '{\n  "root": "a",\n  "default": false,\n  "nodes": []\n}\n',
  ],
  ['{"root": "a"}', '{"root": "a"}'],
  ['[]', '[]'],
])('a copy of %j claims no machine of its own', (text, copy) => {
  expect(withoutMachines(text)).toBe(copy);
});
