import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFirmwareShelf, readProgram } from '../../src/images/firmware.ts';
import { programNamed } from '../../src/images/programs.ts';
import { addFiles, makeFolder } from '../support/folder.ts';

const BIOS = programNamed('undionly.kpxe') ?? fail();
const HTTP = programNamed('ipxe.efi') ?? fail();

function fail(): never {
  throw new TypeError('no such program');
}

it('takes the first folder that has the program, and sees what is installed later', async () => {
  const own = makeFolder();
  const distribution = makeFolder({ 'undionly.kpxe': 'from the distribution', 'ipxe-x86_64.efi': 'fedora' });
  const shelf = openFirmwareShelf([join(own, 'not-there'), own, distribution]);
  expect((await readProgram(shelf, BIOS))?.toString()).toBe('from the distribution');
  expect((await readProgram(shelf, HTTP))?.toString()).toBe('fedora');
  addFiles(own, { 'undionly.kpxe': 'mine' });
  expect((await readProgram(shelf, BIOS))?.toString()).toBe('mine');
  addFiles(own, { 'not-there/undionly.kpxe': 'first of all' });
  expect((await readProgram(shelf, BIOS))?.toString()).toBe('first of all');
});

it('lists what can boot and what cannot', async () => {
  const shelf = openFirmwareShelf([makeFolder({ 'undionly.kpxe': '12345' })]);
  const { found, missing } = await shelf.inventory();
  expect(found.map(({ program, file, size }) => [program.title, file, size])).toEqual([['BIOS', 'undionly.kpxe', 5]]);
  expect(missing.map(({ title }) => title)).toContain('UEFI x86_64');
});

it('does not follow a link out of the folder', async () => {
  const secret = makeFolder({ secret: 'x' });
  const dir = makeFolder();
  symlinkSync(join(secret, 'secret'), join(dir, 'undionly.kpxe'));
  expect(await readProgram(openFirmwareShelf([dir]), BIOS)).toBeUndefined();
});
