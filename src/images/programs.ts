import type { BootProgram } from '../model/boot-program.ts';
import type { MachineArch, Platform } from '../model/facts.ts';

/**
 * `undionly.kpxe` and `snponly.efi` drive the network card through the firmware, so they work with every card that got
 * this far; `ipxe.efi` brings drivers of its own and is what HTTP Boot is given, because it has no SNP to fall back on
 * after some firmwares' HTTP client.
 */
export const BOOT_PROGRAMS: readonly BootProgram[] = [
  {
    name: 'undionly.kpxe',
    platform: 'pcbios',
    arch: 'x86_64',
    title: 'BIOS',
    files: ['undionly.kpxe', 'ipxe-undionly.kpxe', 'x86_64/undionly.kpxe'],
  },
  {
    name: 'snponly.efi',
    platform: 'efi',
    arch: 'x86_64',
    title: 'UEFI x86_64',
    files: [
      'snponly.efi',
      'ipxe-snponly-x86_64.efi',
      'x86_64-efi/snponly.efi',
      'x86_64/snponly.efi',
      'ipxe.efi',
      'ipxe-x86_64.efi',
    ],
  },
  {
    name: 'ipxe.efi',
    platform: 'efi',
    arch: 'x86_64',
    title: 'UEFI x86_64 HTTP Boot',
    files: ['ipxe.efi', 'ipxe-x86_64.efi', 'x86_64-efi/ipxe.efi', 'x86_64/ipxe.efi'],
  },
  {
    name: 'snponly-i386.efi',
    platform: 'efi',
    arch: 'i386',
    title: 'UEFI i386',
    files: [
      'snponly-i386.efi',
      'ipxe-snponly-i386.efi',
      'i386-efi/snponly.efi',
      'ipxe-i386.efi',
      'i386-efi/ipxe.efi',
      'ipxe32.efi',
    ],
  },
  {
    name: 'snponly-arm64.efi',
    platform: 'efi',
    arch: 'arm64',
    title: 'UEFI arm64',
    files: [
      'snponly-arm64.efi',
      'ipxe-snponly-aarch64.efi',
      'arm64-efi/snponly.efi',
      'ipxe-arm64.efi',
      'arm64-efi/ipxe.efi',
    ],
  },
  {
    name: 'snponly-arm32.efi',
    platform: 'efi',
    arch: 'arm32',
    title: 'UEFI arm32',
    files: ['snponly-arm32.efi', 'arm32-efi/snponly.efi', 'ipxe-arm32.efi', 'arm32-efi/ipxe.efi'],
  },
];

/** What a machine of this kind is given; `http` is UEFI HTTP Boot. */
export function programFor(kind: {
  readonly platform: Platform;
  readonly arch: MachineArch;
  readonly http: boolean;
}): BootProgram | undefined {
  const fitting = BOOT_PROGRAMS.filter(({ platform, arch }) => platform === kind.platform && arch === kind.arch);
  return (kind.http ? fitting.find(({ name }) => name.startsWith('ipxe')) : undefined) ?? fitting[0];
}

/** The program that a client names: with or without a folder before it and dnsmasq's `.0` behind it. */
export function programNamed(name: string): BootProgram | undefined {
  const wanted = name
    .slice(name.lastIndexOf('/') + 1)
    .replace(/\.0$/, '')
    .toLowerCase();
  return (
    BOOT_PROGRAMS.find((program) => program.name === wanted) ??
    BOOT_PROGRAMS.find((program) => program.files.includes(wanted))
  );
}
