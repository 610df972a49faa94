import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readContext } from '../../src/context/app-context.ts';
import { piFilesIn, placePiFiles } from '../../src/releases/pi-firmware.ts';
import { readTar } from '../../src/releases/tar.ts';
import { readZip } from '../../src/releases/zip.ts';
import { settingsFor } from '../support/app-context.ts';
import { tarOf, zipOf } from '../support/boot-programs.ts';
import { makeFolder } from '../support/folder.ts';

/** An entry before another one: its whole name (GNU). */
const longName = (name: string) => ({ path: '././@LongLink', type: 'L', body: `${name}\0` });

it('a link with a name of thousands of parts is left out: it was looked for part by part, for minutes', () => {
  const names = Array.from({ length: 40 }, (_, i) => `${'a/'.repeat(30_000)}${i}`);
  const archive = tarOf([
    { path: 'one', body: '1' },
    ...names.flatMap((name) => [longName(name), { path: 'x', link: 'one' }]),
  ]);
  expect([...readTar(archive).keys()]).toEqual(['one']);
});

it('a tar archive of more files than any has is refused', () => {
  const one = tarOf([{ path: 'a', type: '5' }]).subarray(0, 512);
  const archive = Buffer.concat([Buffer.alloc(65_536 * 512, one), Buffer.alloc(1024)]);
  expect(() => readTar(archive)).toThrow('it is a tar archive of more than 65535 files');
});

it.each([
  ['count', 10, 'ffff'],
  ['place', 16, 'ffffffff'],
])('a zip archive whose %s stands elsewhere (zip64) is refused: half of it was taken for all', (_, at, value) => {
  const archive = zipOf({ 'a.txt': 'a' });
  archive.write(value, archive.length - 22 + at, 'hex');
  expect(() => readZip(archive, 1000)).toThrow('more than 65534 files or 4 GiB (zip64)');
});

it('of a Raspberry Pi no name is taken that could be no file, and not thousands', () => {
  const sign = ['RPI_EFI.fd', Buffer.from('x')] as const;
  const odd = ['overlays', `${'n'.repeat(300)}.bin`, '../up', 'overlays/../x', 'a\nb'];
  const files = piFilesIn(new Map([sign, ...odd.map((name) => [name, Buffer.from('x')] as const)]));
  expect([...(files ?? [])].map(([name]) => name)).toEqual(['RPI_EFI.fd']);
  const many = Array.from({ length: 5000 }, (_, i) => [`f${i}`, Buffer.from('x')] as const);
  expect(() => piFilesIn(new Map([sign, ...many]))).toThrow('it has 5001 files for a Raspberry Pi');
});

it('files of a Raspberry Pi that cannot be written leave nothing behind', async () => {
  const dir = makeFolder({ 'firmware/rpi/RPI_EFI.fd': 'old' });
  const { files } = await readContext(settingsFor(dir));
  // A file, and then a folder of its name: no disk can hold both.
  const pi = new Map([
    ['RPI_EFI.fd', Buffer.from('new')],
    ['a', Buffer.from('x')],
    ['a/b', Buffer.from('x')],
  ]);
  await expect(placePiFiles(files, pi, 'x')).rejects.toThrow();
  expect(readdirSync(join(dir, 'firmware'))).toEqual(['rpi']);
});
