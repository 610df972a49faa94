import {
  chmodSync,
  lstatSync,
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
import { parseVersion, type Version } from '../../src/model/profile.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { makeFolder } from '../support/folder.ts';
import { setVersion } from '../../src/catalog/edit-profile.ts';

const FILE = 'profiles/p.json';

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

const NEW = version('4593.2.5');

async function rewritten(content: string | Buffer): Promise<Buffer> {
  const dir = makeFolder({ [FILE]: content });
  expect(await setVersion(await openDataRoot(dir), FILE, NEW)).toBe('written');
  expect(readdirSync(join(dir, 'profiles'))).toEqual(['p.json']);
  return readFileSync(join(dir, FILE));
}

describe('only the bytes of the version change', () => {
  test.each([
    ['two spaces', '{\n  "cloud_config": "b",\n  "version": "1.2.3"\n}\n'],
    ['tabs', '{\n\t"version":\t"1.2.3",\n\t"root": "/dev/sda1"\n}\n'],
    ['CRLF', '{\r\n  "version": "1.2.3",\r\n  "root": "x"\r\n}\r\n'],
    ['no final newline', '{"version":"1.2.3"}'],
    ['a byte order mark', '\uFEFF{ "version": "1.2.3" }\n'],
    ['the last of odd keys', '{"nodes":[],"console":["1.2.3"],"vars":{"version":"1.2.3"},"version" : "1.2.3" }'],
    [
      'the same text in other values',
      '{"channel":"1.2.3","version":"1.2.3","kernel_args":["version=1.2.3"],"vars":{"a":"1.2.3"}}',
    ],
    ['letters of many bytes before it', '{"vars": {"city": "Praha – Žižkov 𝄞"}, "version": "1.2.3"}'],
    ['several on one line, blank lines', '{\n\n"root":"x", "version":"1.2.3", "sshkey":"k"\n\n\n}'],
  ])('%s', async (_, text) => {
    // The place that shall change is told apart from the others by its name and its depth.
    const expected = text.replace(/("version"\s*:\s*)"1\.2\.3"(?![^{]*\}[^}]*"version")/, '$1"4593.2.5"');
    expect(expected).not.toBe(text);
    expect((await rewritten(text)).toString()).toBe(expected);
  });

  test('an empty version, and one written with escapes', async () => {
    expect((await rewritten('{"version": ""}')).toString()).toBe('{"version": "4593.2.5"}');
    expect((await rewritten('{"\\u0076ersion": "1\\u002e2"}')).toString()).toBe('{"\\u0076ersion": "4593.2.5"}');
  });

  test('byte for byte outside the value, checked without a parser', async () => {
    const before = Buffer.from('\uFEFF{\r\n\t"vars": {"é": "ü𝄞"},\r\n\t"version" :  "1.2.3"  ,\r\n\t"root":"1.2.3"}');
    const at = before.indexOf('"version" :  ') + '"version" :  '.length;
    const after = await rewritten(before);
    expect(after.subarray(0, at)).toEqual(before.subarray(0, at));
    expect(after.subarray(at, at + 10).toString()).toBe('"4593.2.5"');
    expect(after.subarray(at + 10)).toEqual(before.subarray(at + 7));
  });
});

test.each(['{"root": "x"}', '{"version": null}', '{"vars": {"version": "1.2.3"}}', '[]', '{"version": 12}'])(
  'a profile without a version of its own is left alone: %s',
  async (text) => {
    const dir = makeFolder({ [FILE]: text });
    const files = await openDataRoot(dir);
    const before = await files.stat(FILE);
    expect(await setVersion(files, FILE, NEW)).toBe('none');
    expect(await files.stat(FILE)).toEqual(before);
  },
);

test('the version that is there already is not written again', async () => {
  const dir = makeFolder({ [FILE]: '{"version": "4593.2.5"}' });
  const files = await openDataRoot(dir);
  const before = await files.stat(FILE);
  expect(await setVersion(files, FILE, NEW)).toBe('same');
  expect(await files.stat(FILE)).toEqual(before);
});

test('mode is kept, a link stays a link, the data directory may be one', async () => {
  const dir = makeFolder({ 'shared/p.json': '{"version": "1"}' });
  chmodSync(join(dir, 'shared/p.json'), 0o640);
  symlinkSync('../shared/p.json', join(dir, FILE));
  const elsewhere = makeFolder();
  symlinkSync(dir, join(elsewhere, 'data'));
  expect(await setVersion(await openDataRoot(join(elsewhere, 'data')), FILE, NEW)).toBe('written');
  expect(lstatSync(join(dir, FILE)).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(dir, 'shared/p.json'), 'utf8')).toBe('{"version": "4593.2.5"}');
  expect(statSync(join(dir, 'shared/p.json')).mode & 0o777).toBe(0o640);
});

test('a broken profile is refused with its place, and untouched', async () => {
  const dir = makeFolder({ [FILE]: '{"version": "1",}' });
  await expect(setVersion(await openDataRoot(dir), FILE, NEW)).rejects.toMatchObject({
    code: 'broken',
    place: { file: FILE, line: 1, column: 16 },
  });
  const twice = '{"version": "1", "version": "2"}';
  writeFileSync(join(dir, FILE), twice);
  await expect(setVersion(await openDataRoot(dir), FILE, NEW)).rejects.toMatchObject({ code: 'broken' });
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe(twice);
});

test('what the operator saves meanwhile wins, and gets the version on top', async () => {
  const dir = makeFolder({ [FILE]: '{"version": "1"}' });
  const files = await openDataRoot(dir);
  let looks = 0;
  const busy: typeof files = {
    ...files,
    real: async (relative) => {
      // It was read, and is about to be replaced.
      if (relative === FILE && (looks += 1) === 1)
        writeFileSync(join(dir, FILE), '{"version": "1", "root": "operator"}');
      return files.real(relative);
    },
  };
  expect(await setVersion(busy, FILE, NEW)).toBe('written');
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe('{"version": "4593.2.5", "root": "operator"}');
  expect(looks).toBe(2);
});

test('somebody who saves all the time is left in peace after ten attempts', async () => {
  const dir = makeFolder({ [FILE]: '{"version": "1"}' });
  const files = await openDataRoot(dir);
  let saves = 0;
  const busy: typeof files = {
    ...files,
    readIfThere: async (relative, max) => {
      const read = await files.readIfThere(relative, max);
      saves += 1;
      writeFileSync(join(dir, FILE), `{"version": "1", "root": "save${saves}"}`);
      return read;
    },
  };
  await expect(setVersion(busy, FILE, NEW)).rejects.toMatchObject({ code: 'conflict', place: { file: FILE } });
  expect(saves).toBe(10);
  expect(readFileSync(join(dir, FILE), 'utf8')).toBe('{"version": "1", "root": "save10"}');
  expect(readdirSync(join(dir, 'profiles'))).toEqual(['p.json']);
});

test('a profile that is deleted meanwhile is not made anew', async () => {
  const dir = makeFolder({ [FILE]: '{"version": "1"}' });
  const files = await openDataRoot(dir);
  const busy: typeof files = {
    ...files,
    real: (relative) => {
      if (relative === FILE) rmSync(join(dir, FILE));
      return files.real(relative);
    },
  };
  await expect(setVersion(busy, FILE, NEW)).rejects.toMatchObject({ code: 'not-found' });
  expect(readdirSync(join(dir, 'profiles'))).toEqual([]);
});

test('a folder in its place is refused', async () => {
  const dir = makeFolder();
  mkdirSync(join(dir, FILE));
  await expect(setVersion(await openDataRoot(dir), FILE, NEW)).rejects.toMatchObject({ code: 'refused' });
});

test('case 06-coreos-ipxe-server-folder: a key in another case is the version where no other is', async () => {
  expect((await rewritten('{"Version": "1", "Root": "x"}')).toString()).toBe(`{"Version": "${NEW}", "Root": "x"}`);
  expect((await rewritten('{"VERSION": "1", "version": "2"}')).toString()).toBe(
    `{"VERSION": "1", "version": "${NEW}"}`,
  );
});

test('a profile in a folder keeps its folder', async () => {
  const dir = makeFolder({ 'profiles/lab/rack 3:a.json': '{"version": "1"}' });
  expect(await setVersion(await openDataRoot(dir), 'profiles/lab/rack 3:a.json', NEW)).toBe('written');
  expect(readFileSync(join(dir, 'profiles/lab/rack 3:a.json'), 'utf8')).toBe(`{"version": "${NEW}"}`);
  expect(readdirSync(join(dir, 'profiles/lab'))).toEqual(['rack 3:a.json']);
});
