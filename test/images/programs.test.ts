import { describe, expect, it } from 'vitest';
import { programFor, programNamed } from '../../src/images/programs.ts';

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
