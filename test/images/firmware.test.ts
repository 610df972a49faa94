import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFirmwareStore, programFor, programNamed, readProgram } from '../../src/images/firmware.ts';
import { addFiles, makeFolder } from '../support/folder.ts';

describe('programFor', () => {
  it.each([
    ['pcbios', 'x86_64', false, 'undionly.kpxe'],
    ['efi', 'x86_64', false, 'snponly.efi'],
    ['efi', 'x86_64', true, 'ipxe.efi'],
    ['efi', 'arm64', false, 'snponly-arm64.efi'],
    ['efi', 'arm64', true, 'snponly-arm64.efi'],
    ['efi', 'i386', false, 'snponly-i386.efi'],
    ['pcbios', 'arm64', false, undefined],
  ] as const)('%s %s http=%s', (platform, arch, http, name) => {
    expect(programFor({ platform, arch, http })?.name).toBe(name);
  });
});

describe('programNamed', () => {
  it.each([
    ['undionly.kpxe', 'undionly.kpxe'],
    ['undionly.kpxe.0', 'undionly.kpxe'],
    ['boot/IPXE.EFI', 'ipxe.efi'],
    ['ipxe-snponly-x86_64.efi', 'snponly.efi'],
  ])('%s', (asked, name) => {
    expect(programNamed(asked)?.name).toBe(name);
  });
  it.each(['', 'pxelinux.0', 'undionly.kpxe.1', 'constructor'])('%j is none', (asked) => {
    expect(programNamed(asked)).toBeUndefined();
  });
});

const BIOS = programNamed('undionly.kpxe') ?? fail();
const HTTP = programNamed('ipxe.efi') ?? fail();

function fail(): never {
  throw new TypeError('no such program');
}

it('takes the first folder that has the program, and sees what is installed later', async () => {
  const own = makeFolder();
  const distribution = makeFolder({ 'undionly.kpxe': 'from the distribution', 'ipxe-x86_64.efi': 'fedora' });
  const shelf = openFirmwareStore([join(own, 'not-there'), own, distribution]);
  expect((await readProgram(shelf, BIOS))?.toString()).toBe('from the distribution');
  expect((await readProgram(shelf, HTTP))?.toString()).toBe('fedora');
  addFiles(own, { 'undionly.kpxe': 'mine' });
  expect((await readProgram(shelf, BIOS))?.toString()).toBe('mine');
  addFiles(own, { 'not-there/undionly.kpxe': 'first of all' });
  expect((await readProgram(shelf, BIOS))?.toString()).toBe('first of all');
});

it('lists what can boot and what cannot', async () => {
  const shelf = openFirmwareStore([makeFolder({ 'undionly.kpxe': '12345' })]);
  const { found, missing } = await shelf.inventory();
  expect(found.map(({ program, file, size }) => [program.title, file, size])).toEqual([['BIOS', 'undionly.kpxe', 5]]);
  expect(missing.map(({ title }) => title)).toContain('UEFI x86_64');
});

it('does not follow a link out of the folder', async () => {
  const secret = makeFolder({ secret: 'x' });
  const dir = makeFolder();
  symlinkSync(join(secret, 'secret'), join(dir, 'undionly.kpxe'));
  expect(await readProgram(openFirmwareStore([dir]), BIOS)).toBeUndefined();
});
