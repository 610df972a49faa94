import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BOOT_PROGRAMS } from '../../src/images/boot-program-table.ts';
import { type FirmwareStore, openFirmwareStore } from '../../src/images/firmware.ts';
import { addFiles, makeFolder } from '../support/folder.ts';

async function textOf(store: FirmwareStore, name: string): Promise<string | undefined> {
  const file = await store.open(BOOT_PROGRAMS.find((program) => program.name === name) ?? expect.fail());
  const text = (await file?.whole())?.toString();
  await file?.close();
  return text;
}

it('takes the first folder that has the program, and sees what is installed later', async () => {
  const own = makeFolder();
  const distribution = makeFolder({ 'undionly.kpxe': 'from the distribution', 'ipxe-x86_64.efi': 'fedora' });
  const store = openFirmwareStore([join(own, 'not-there'), own, distribution]);
  expect(await textOf(store, 'undionly.kpxe')).toBe('from the distribution');
  expect(await textOf(store, 'ipxe.efi')).toBe('fedora');
  addFiles(own, { 'undionly.kpxe': 'mine' });
  expect(await textOf(store, 'undionly.kpxe')).toBe('mine');
  addFiles(own, { 'not-there/undionly.kpxe': 'first of all' });
  expect(await textOf(store, 'undionly.kpxe')).toBe('first of all');
});

it('lists what can boot and what cannot', async () => {
  const store = openFirmwareStore([makeFolder({ 'undionly.kpxe': '12345' })]);
  const { found, missing } = await store.inventory();
  expect(found.map(({ program, file, size }) => [program.title, file, size])).toEqual([['BIOS', 'undionly.kpxe', 5]]);
  expect(missing.map(({ title }) => title)).toContain('UEFI x86_64');
  expect(BOOT_PROGRAMS.filter((program) => store.has(program)).map(({ title }) => title)).toEqual(['BIOS']);
});

it('does not follow a link out of the folder', async () => {
  const secret = makeFolder({ secret: 'x' });
  const dir = makeFolder();
  symlinkSync(join(secret, 'secret'), join(dir, 'undionly.kpxe'));
  expect(await textOf(openFirmwareStore([dir]), 'undionly.kpxe')).toBeUndefined();
});
