import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkProgram, programFacts, programOf } from '../../src/images/boot-program-file.ts';
import { BOOT_PROGRAMS } from '../../src/images/boot-program-table.ts';
import { grubFor, ipxeFor, MACHINE, pe, shimFor, UNDIONLY } from '../support/boot-programs.ts';

describe('what a boot program is, by its own bytes', () => {
  it.each([
    [UNDIONLY, 'undionly.kpxe', 'undionly.kpxe', { platform: 'pcbios', arch: 'x86_64', kind: 'ipxe' }],
    [ipxeFor('x86_64'), 'snponly.efi', 'snponly.efi', { arch: 'x86_64', kind: 'ipxe', version: '2.0.0' }],
    [ipxeFor('x86_64'), 'ipxe-amd64.efi', 'ipxe.efi', { arch: 'x86_64' }],
    [ipxeFor('i386'), 'snponly.efi', 'snponly-i386.efi', { arch: 'i386' }],
    [ipxeFor('arm32'), 'x', 'snponly-arm32.efi', { arch: 'arm32' }],
    [ipxeFor('arm64', '1.21.1+git20250501.dad20602+dfsg-1'), 'ipxe.efi', 'snponly-arm64.efi', { arch: 'arm64' }],
    [ipxeFor('x86_64', '2.0.0', { signed: true }), 'snponly.efi', 'x86_64-sb/snponly.efi', { kind: 'signed-ipxe' }],
    [shimFor('x86_64'), 'shimx64.efi.signed', 'shimx64.efi', { kind: 'shim', version: '16.1' }],
    [shimFor('arm64'), 'shimaa64.efi', 'shimaa64.efi', { kind: 'shim', arch: 'arm64' }],
    [shimFor('x86_64', 'ipxe.efi'), 'shimx64.efi', 'x86_64-sb/snponly-shim.efi', { kind: 'ipxe-shim' }],
    [grubFor('x86_64'), 'grubnetx64.efi.signed', 'grubx64.efi', { kind: 'grub', version: '2.12' }],
    [grubFor('arm64', '2.06'), 'anything', 'grubaa64.efi', { kind: 'grub', version: '2.06' }],
  ] as const)('case %#', (bytes, file, name, facts) => {
    expect(programFacts(bytes)).toMatchObject(facts);
    expect(programOf(programFacts(bytes), file).name).toBe(name);
  });

  it.each([
    [Buffer.alloc(0), 'it is empty'],
    [Buffer.from('<html>'), 'it is a web page: a proxy or a captive portal may have answered'],
    [Buffer.from('#!ipxe\n'), 'it is a boot script, no program'],
    [Buffer.from('\x7fELF'), 'it is a program of an operating system (ELF)'],
    [Buffer.from('MZ'), 'it is neither a UEFI program (PE) nor a BIOS one (NBP)'],
    [pe(MACHINE.x86_64, 'x').subarray(0, 0xa0), 'it is neither a UEFI program (PE) nor a BIOS one (NBP)'],
    [pe(MACHINE.x86_64, 'x', { subsystem: 3 }), 'it is a PE program, but no UEFI application'],
    [pe(MACHINE.arm64, 'a kernel'), 'it is a UEFI program for arm64, but neither iPXE nor GRUB nor a shim'],
    [Buffer.alloc(64 * 1024, 7), 'it is neither a UEFI program (PE) nor a BIOS one (NBP)'],
  ])('what is none is refused with what it is: case %#', (bytes, message) => {
    expect(() => programFacts(bytes)).toThrow(message);
  });

  it('a name that stands for another processor is refused with what the file is', () => {
    expect(() => programOf(programFacts(ipxeFor('x86_64')), 'snponly-arm64.efi')).toThrow(
      'it is iPXE 2.0.0 for UEFI x86_64, and no UEFI arm64 iPXE (snponly-arm64.efi)',
    );
    expect(() => programOf(programFacts(ipxeFor('riscv64')), 'ipxe-riscv64.efi')).toThrow('no such machine is booted');
    const shim = BOOT_PROGRAMS.find(({ name }) => name === 'shimx64.efi') ?? expect.fail();
    expect(() => {
      checkProgram(shim, programFacts(grubFor('x86_64')));
    }).toThrow('it is GRUB 2.12 for UEFI x86_64, and no Secure Boot x86_64: shim (shimx64.efi)');
  });

  it.each([
    ['/EFI/debian', 'x86_64', 'grubnetx64.efi.signed'],
    ['/boot/grub', 'x86_64', 'grubnetx64.efi.signed'],
    ['/debian-installer/arm64/grub', 'arm64', 'grubnetaa64.efi.signed'],
  ] as const)('a GRUB that looks in %s is refused, by whatever name it comes', (prefix, arch, remedy) => {
    const facts = programFacts(grubFor(arch, '2.06', prefix));
    expect(facts).toMatchObject({ kind: 'grub', version: '2.06', prefix });
    const name = arch === 'arm64' ? 'grubaa64.efi' : 'grubx64.efi';
    const row = BOOT_PROGRAMS.find((one) => one.name === name) ?? expect.fail();
    for (const look of [() => programOf(facts, name), () => programOf(facts, 'x'), () => { checkProgram(row, facts); }]) {
      expect(look).toThrow(
        expect.objectContaining({
          message: `it is a GRUB that looks for its configuration in ${prefix}, not in /grub`,
          remedy: expect.stringContaining(remedy) as unknown,
        }),
      );
    }
    expect(programOf(programFacts(grubFor(arch, '2.06', '/grub')), name)).toBe(row);
  });

  // Cut anywhere, a program is still judged and never read beyond its end.
  it.each([shimFor('x86_64'), grubFor('x86_64', '2.06', '/EFI/debian')])('any beginning of a program is either a program or refused: %#', (whole) => {
    for (let end = 0; end < whole.length; end += 7) {
      try {
        programFacts(whole.subarray(0, end));
      } catch (error) {
        expect(error).toMatchObject({ name: 'Failure', code: 'invalid' });
      }
    }
  });

  it.runIf(existsSync('/usr/lib/ipxe/snponly.efi'))('Debian’s own files', () => {
    const facts = programFacts(readFileSync('/usr/lib/ipxe/snponly.efi'));
    expect(facts).toMatchObject({ platform: 'efi', arch: 'x86_64', kind: 'ipxe' });
    expect(facts.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(programFacts(readFileSync('/usr/lib/ipxe/undionly.kpxe')).platform).toBe('pcbios');
  });
});
