import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  filesWithVersions,
  keepVersion,
  listVersions,
  MOST_VERSIONS,
  readVersion,
} from '../../src/catalog/file-history.ts';
import { openDataRoot } from '../../src/files/data-root.ts';
import { makeFolder } from '../support/folder.ts';

const FILE = 'configs/lab/a b.yml';
const WHOLE = { file: FILE, maxBytes: 1000 };

async function setup() {
  const dir = makeFolder({ 'configs/a.yml': 'x' });
  return { dir, files: await openDataRoot(dir) };
}

test('versions are kept byte for byte, newest first, with who and when', async () => {
  const { files } = await setup();
  const bytes = Buffer.from('\uFEFFa\r\nb\u0000\n{"at": 1}');
  await keepVersion(files, FILE, bytes, { at: 1_764_530_000_000, who: 'anna' });
  await keepVersion(files, FILE, Buffer.from([0xff, 10, 0xfe]), { at: 1_764_530_001_000, who: 'bert (token "ci")\n' });
  const [second, first] = await listVersions(files, FILE);
  expect(first).toMatchObject({ at: 1_764_530_000_000, who: 'anna' });
  expect(second).toMatchObject({ at: 1_764_530_001_000, who: 'bert (token "ci")\n' });
  expect((await readVersion(files, WHOLE, first?.id ?? '')).bytes).toEqual(bytes);
  expect((await readVersion(files, WHOLE, second?.id ?? '')).bytes).toEqual(Buffer.from([0xff, 10, 0xfe]));
  expect(await filesWithVersions(files)).toEqual([FILE]);
});

test('the last ten stay, in the order of the changes, whatever the clock says', async () => {
  const { files, dir } = await setup();
  for (let n = 0; n < 13; n += 1) {
    await keepVersion(files, FILE, Buffer.from(`text ${n}`), { at: 1_764_530_000_000 - n * 1000, who: 'a' });
  }
  const kept = await listVersions(files, FILE);
  expect(kept).toHaveLength(MOST_VERSIONS);
  const texts = await Promise.all(kept.map(async ({ id }) => (await readVersion(files, WHOLE, id)).bytes.toString()));
  expect(texts).toEqual(Array.from({ length: MOST_VERSIONS }, (_, n) => `text ${12 - n}`));
  expect(readdirSync(join(dir, 'state/history/configs~lab~a b.yml'))).toHaveLength(MOST_VERSIONS);
});

test('the same bytes in a row are kept once', async () => {
  const { files } = await setup();
  for (const text of ['a', 'a', 'b', 'a']) await keepVersion(files, FILE, Buffer.from(text), { at: 5e12, who: 'a' });
  expect(await listVersions(files, FILE)).toHaveLength(3);
});

test("only the server's user reads them", async () => {
  const { files, dir } = await setup();
  await keepVersion(files, FILE, Buffer.from('a'), { at: 1_764_530_000_000, who: 'a' });
  const folder = join(dir, 'state/history/configs~lab~a b.yml');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('what is damaged or no version is left out, and no path leads elsewhere', async () => {
  const { files, dir } = await setup();
  await keepVersion(files, FILE, Buffer.from('a'), { at: 1_764_530_000_000, who: 'a' });
  const folder = join(dir, 'state/history/configs~lab~a b.yml');
  writeFileSync(join(folder, '1764530009000-000000000000'), 'no head');
  writeFileSync(join(folder, '1764530009001-000000000000'), '{"at": "x"}\n');
  writeFileSync(join(folder, 'notes'), 'x');
  mkdirSync(join(dir, 'state/history/secrets~a'));
  writeFileSync(join(dir, 'state/admin-token'), '{"at": 1, "who": "a"}\nx');
  expect(await listVersions(files, FILE)).toHaveLength(1);
  expect(await filesWithVersions(files)).toEqual([FILE]);
  for (const id of ['1764530009000-000000000000', '../../admin-token', 'notes', '', '1764530000000-ffffffffffff'])
    await expect(readVersion(files, WHOLE, id)).rejects.toMatchObject({ code: 'not-found' });
  expect(readFileSync(join(dir, 'configs/a.yml'), 'utf8')).toBe('x');
});
