import { join } from 'node:path';
import type { BootProgram } from '../model/plan.ts';

/**
 * `undionly.kpxe` and `snponly.efi` drive the network card through the firmware, so they work with every card that got
 * this far; `ipxe.efi` brings drivers of its own and is what HTTP Boot is given, because it has no SNP to fall back on
 * after some firmwares' HTTP client. With Secure Boot a machine starts only what Microsoft signed, and what that trusts:
 * a distribution's shim with its GRUB, or iPXE's shim with iPXE's own signed build.
 */
export const BOOT_PROGRAMS: readonly BootProgram[] = [
  {
    name: 'undionly.kpxe',
    kind: 'ipxe',
    platform: 'pcbios',
    arch: 'x86_64',
    title: 'BIOS',
    files: ['undionly.kpxe', 'ipxe-undionly.kpxe', 'x86_64/undionly.kpxe'],
    released: 'x86_64/undionly.kpxe',
  },
  {
    name: 'snponly.efi',
    kind: 'ipxe',
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
      'ipxe-amd64.efi',
    ],
    released: 'x86_64/snponly.efi',
  },
  {
    name: 'ipxe.efi',
    kind: 'ipxe',
    platform: 'efi',
    arch: 'x86_64',
    title: 'UEFI x86_64 HTTP Boot',
    files: ['ipxe.efi', 'ipxe-x86_64.efi', 'ipxe-amd64.efi', 'x86_64-efi/ipxe.efi', 'x86_64/ipxe.efi'],
    released: 'x86_64/ipxe.efi',
  },
  {
    name: 'snponly-i386.efi',
    kind: 'ipxe',
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
    released: 'i386/snponly.efi',
  },
  {
    name: 'snponly-arm64.efi',
    kind: 'ipxe',
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
    released: 'arm64/snponly.efi',
  },
  {
    name: 'snponly-arm32.efi',
    kind: 'ipxe',
    platform: 'efi',
    arch: 'arm32',
    title: 'UEFI arm32',
    files: ['snponly-arm32.efi', 'arm32-efi/snponly.efi', 'ipxe-arm32.efi', 'arm32-efi/ipxe.efi'],
    released: 'arm32/snponly.efi',
  },
  ...(['x86_64', 'arm64'] as const).flatMap((arch): readonly BootProgram[] => {
    const short = arch === 'x86_64' ? 'x64' : 'aa64';
    const of = { platform: 'efi', arch } as const;
    return [
      {
        ...of,
        name: `shim${short}.efi`,
        kind: 'shim',
        title: `Secure Boot ${arch}: shim`,
        files: [`shim${short}.efi`, `shim${short}.efi.signed`],
      },
      {
        ...of,
        name: `grub${short}.efi`,
        kind: 'grub',
        title: `Secure Boot ${arch}: GRUB`,
        // The monolithic build for the network: the others of a package look for a disk.
        files: [`grub${short}.efi`, `grubnet${short}.efi`, `grubnet${short}.efi.signed`],
      },
      {
        ...of,
        name: `${arch}-sb/snponly-shim.efi`,
        kind: 'ipxe-shim',
        title: `Secure Boot ${arch}: iPXE's shim`,
        files: [`${arch}-sb/snponly-shim.efi`],
        released: `${arch}-sb/snponly-shim.efi`,
      },
      {
        ...of,
        name: `${arch}-sb/snponly.efi`,
        kind: 'signed-ipxe',
        title: `Secure Boot ${arch}: iPXE`,
        files: [`${arch}-sb/snponly.efi`],
        released: `${arch}-sb/snponly.efi`,
      },
    ];
  }),
];

/** Where a boot program comes from that is not there. */
export function programRemedy(program?: Pick<BootProgram, 'arch' | 'kind'>): string {
  const isArm = program?.arch === 'arm64';
  switch (program?.kind) {
    case 'shim':
    case 'grub':
      // A server of another processor cannot install them.
      return isArm
        ? '`pilotlight firmware import` shimaa64.efi.signed and grubnetaa64.efi.signed, from shim-signed:arm64 and grub-efi-arm64-signed:arm64 of Debian 13 or newer'
        : 'apt install shim-signed grub-efi-amd64-signed (Debian 13 or newer), or import them: `pilotlight firmware`';
    case 'ipxe-shim':
    case 'signed-ipxe':
      return `import the archive of an iPXE release, which has ${isArm ? 'arm64' : 'x86_64'}-sb/: \`pilotlight firmware\``;
    case 'ipxe':
    case undefined:
      return isArm
        ? 'Debian 13 (apt install ipxe) and Fedora (ipxe-bootimgs-aarch64) have one, and each iPXE release: `pilotlight firmware`'
        : 'apt install ipxe, or set PILOTLIGHT_FIRMWARE_DIR';
  }
}

/**
 * Where distributions put iPXE: Debian and Ubuntu, Fedora, openSUSE, Arch, and what people build by hand; then Debian's
 * and Ubuntu's shim and GRUB. Debian's /usr/lib/ipxe/ipxe.efi is a link into /boot, and links are not followed out of a
 * folder: /boot is one, too.
 */
const SYSTEM_FOLDERS: readonly string[] = [
  '/usr/lib/ipxe',
  '/usr/share/ipxe',
  '/usr/share/ipxe-bootimgs',
  '/usr/local/lib/ipxe',
  '/boot',
  '/usr/lib/shim',
  '/usr/lib/grub/x86_64-efi-signed',
  '/usr/lib/grub/arm64-efi-signed',
];

/** Below the data directory: what an operator puts there, and what `pilotlight firmware` does. */
export const OWN_FOLDER = 'firmware';

/**
 * In such a folder: programs that were imported together, from the one step in which they all came into force until each has its place
 * beside it. They go before what is there.
 */
export const INCOMING = '.incoming';

/** Where boot programs are looked for: the operator's folder first, the distribution's last. */
export function firmwareFolders({
  firmwareDir,
  dataDir,
}: {
  readonly firmwareDir?: string;
  readonly dataDir: string;
}): readonly string[] {
  const own = firmwareDir === undefined ? [] : [firmwareDir];
  return [...own, join(dataDir, OWN_FOLDER), ...SYSTEM_FOLDERS];
}
