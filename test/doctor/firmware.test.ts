import { describe, expect, it } from 'vitest';
import { firmwareDiagnostics, type ProgramNeeds } from '../../src/doctor/boot-programs.ts';
import { grubFor } from '../support/boot-programs.ts';
import { BOOT_PROGRAMS, programRemedy } from '../../src/images/boot-program-table.ts';

const PLAIN = ['undionly.kpxe', 'snponly.efi', 'ipxe.efi'];

async function look(...names: string[]) {
  return await lookFor(names);
}

async function lookFor(names: readonly string[], needs?: ProgramNeeds, grub = '2.12', prefix?: string) {
  const has = (name: string): boolean => names.includes(name);
  const found = BOOT_PROGRAMS.filter(({ name }) => has(name)).map((program) => ({
    program,
    folder: '/usr/lib/ipxe',
    file: program.name,
    size: 7,
  }));
  const missing = BOOT_PROGRAMS.filter(({ name }) => !has(name));
  const open = async () => ({
    size: 7,
    read: async () => Buffer.alloc(0),
    whole: async () => grubFor('x86_64', grub, prefix),
    close: async () => undefined,
  });
  const diagnostics = await firmwareDiagnostics({ inventory: async () => ({ found, missing }), open }, needs);
  return diagnostics.map(({ severity, message }) => `${severity}: ${message}`);
}

describe('boot programs', () => {
  it('none is a problem with the command that installs them', async () => {
    const [only, ...rest] = await firmwareDiagnostics({
      inventory: async () => ({ found: [], missing: BOOT_PROGRAMS }),
      open: async () => undefined,
    });
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ severity: 'error', remedy: expect.stringContaining('apt install ipxe') as string });
  });

  it('what Debian’s package has is enough', async () => {
    expect(await look('undionly.kpxe', 'snponly.efi', 'ipxe.efi')).toEqual([
      'ok: BIOS: undionly.kpxe, 7 bytes',
      'ok: UEFI x86_64: snponly.efi, 7 bytes',
      'ok: UEFI x86_64 HTTP Boot: ipxe.efi, 7 bytes',
      'ok: not here, and seldom needed: UEFI i386, UEFI arm64, UEFI arm32',
    ]);
  });

  it('a usual kind that is missing is a warning', async () => {
    expect(await look('snponly.efi', 'ipxe.efi')).toContain(
      'warning: BIOS: undionly.kpxe is not here, such machines cannot boot',
    );
  });

  it('arm64 is not seldom needed where a profile is arm64', async () => {
    const said = await lookFor(PLAIN, { arm64: true, secureBoot: false, proxy: true });
    expect(said).toContain('warning: UEFI arm64: snponly-arm64.efi is not here, such machines cannot boot');
    expect(said).toContain('ok: not here, and seldom needed: UEFI i386, UEFI arm32');
  });

  it('where a machine starts with Secure Boot on, a chain of signed programs must be whole', async () => {
    const needs = { arm64: true, secureBoot: true, proxy: true };
    const missing = (arch: string): string =>
      `warning: machines with Secure Boot (UEFI ${arch}) cannot boot: a shim and its GRUB, or iPXE's signed set, is not whole here`;
    expect(await lookFor([...PLAIN, 'shimx64.efi'], needs)).toEqual(
      expect.arrayContaining([missing('x86_64'), missing('arm64')]),
    );
    const signed = ['x86_64-sb/snponly.efi', 'x86_64-sb/snponly-shim.efi', 'shimaa64.efi', 'grubaa64.efi'];
    expect((await lookFor([...PLAIN, ...signed], needs)).join('\n')).not.toContain('not whole');
    expect((await lookFor(PLAIN)).join('\n')).not.toContain('Secure Boot');
  });

  it('a GRUB that passes over a ProxyDHCP offer is a warning', async () => {
    const needs = { arm64: false, secureBoot: true, proxy: true };
    const there = [...PLAIN, 'shimx64.efi', 'grubx64.efi'];
    expect(await lookFor(there, needs, '2.06')).toContain(
      'warning: grubx64.efi is GRUB 2.06: beside another DHCP server it asks that one for its files, and stops',
    );
    expect((await lookFor(there, needs, '2.12')).join('\n')).not.toContain('is GRUB');
    expect((await lookFor(there, { ...needs, proxy: false }, '2.06')).join('\n')).not.toContain('is GRUB');
  });

  it('a GRUB that looks for its configuration on a disk is one, too', async () => {
    const needs = { arm64: false, secureBoot: true, proxy: false };
    const there = [...PLAIN, 'shimx64.efi', 'grubx64.efi'];
    expect(await lookFor(there, needs, '2.12', '/EFI/debian')).toContain(
      'warning: grubx64.efi: it is a GRUB that looks for its configuration in /EFI/debian, not in /grub; such machines cannot boot',
    );
    expect((await lookFor(there, needs, '2.12', '/grub')).join('\n')).not.toContain('cannot boot');
  });

  it('the remedy for arm64 can be done on a server of another processor', () => {
    expect(programRemedy({ arch: 'arm64', kind: 'grub' })).toMatch(
      /^`pilotlight firmware import`.*grub-efi-arm64-signed:arm64/,
    );
  });
});
