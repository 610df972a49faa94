import { join } from 'node:path';
import { type DataRoot, openDataRoot, type OpenFile } from '../files/data-root.ts';
import { Failure } from '../model/failure.ts';
import type { MachineArch, Platform } from '../model/machine.ts';
import type { BootProgram } from '../model/plan.ts';

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

/**
 * Where distributions put iPXE: Debian and Ubuntu, Fedora, openSUSE, Arch, and what people build by hand. Debian's
 * /usr/lib/ipxe/ipxe.efi is a link into /boot, and links are not followed out of a folder: /boot is one, too.
 */
const SYSTEM_FOLDERS: readonly string[] = [
  '/usr/lib/ipxe',
  '/usr/share/ipxe',
  '/usr/share/ipxe-bootimgs',
  '/usr/local/lib/ipxe',
  '/boot',
];

/** A boot program that was found, by the folder's own name and not its path. */
export interface FoundProgram {
  readonly program: BootProgram;
  readonly folder: string;
  readonly file: string;
  /** Bytes. */
  readonly size: number;
}

/** The boot programs that this host has. */
export interface FirmwareStore {
  /** What can boot, and what cannot. Looks anew at each call. */
  inventory(): Promise<{ readonly found: readonly FoundProgram[]; readonly missing: readonly BootProgram[] }>;
  /** Undefined when no folder has it. The caller closes the handle. */
  open(program: BootProgram): Promise<OpenFile | undefined>;
}

/** Folders in the order of preference; those that are not there are passed over. */
export function openFirmwareStore(folders: readonly string[]): FirmwareStore {
  const roots = new Map<string, Promise<DataRoot | undefined>>();

  async function rootOf(folder: string): Promise<DataRoot | undefined> {
    const known = roots.get(folder);
    if (known !== undefined && (await known) !== undefined) return await known;
    const opening = absentIsUndefined(openDataRoot(folder));
    roots.set(folder, opening);
    return await opening;
  }

  async function firstOf<T>(
    program: BootProgram,
    look: (root: DataRoot, file: string, folder: string) => Promise<T>,
  ): Promise<T | undefined> {
    for (const folder of folders) {
      const root = await rootOf(folder);
      if (root === undefined) continue;
      for (const file of program.files) {
        const found = await absentIsUndefined(look(root, file, folder));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  return {
    async inventory() {
      const found: FoundProgram[] = [];
      const missing: BootProgram[] = [];
      for (const program of BOOT_PROGRAMS) {
        const one = await firstOf(program, async (root, file, folder) => ({
          program,
          folder,
          file,
          size: (await root.stat(file)).size,
        }));
        if (one === undefined) missing.push(program);
        else found.push(one);
      }
      return { found, missing };
    },
    open: async (program) => await firstOf(program, async (root, file) => await root.open(file)),
  };
}

/** A whole boot program, about a megabyte, for a client that cannot ask for ranges. */
export async function readProgram(shelf: FirmwareStore, program: BootProgram): Promise<Buffer | undefined> {
  const file = await shelf.open(program);
  if (file === undefined) return undefined;
  try {
    return await file.handle.readFile();
  } finally {
    await file.handle.close();
  }
}

async function absentIsUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Where boot programs are looked for: the operator's folder first, the distribution's last. */
export function firmwareFolders({ firmwareDir, dataDir }: { readonly firmwareDir?: string | undefined; readonly dataDir: string }): readonly string[] {
  const own = firmwareDir === undefined ? [] : [firmwareDir];
  return [...own, join(dataDir, 'firmware'), ...SYSTEM_FOLDERS];
}
