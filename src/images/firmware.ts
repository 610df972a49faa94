import { Failure } from '../model/failure.ts';
import { openDataRoot, type DataRoot, type OpenFile } from '../files/data-root.ts';
import type { BootProgram } from '../model/boot-program.ts';
import { BOOT_PROGRAMS } from './programs.ts';

/**
 * Where distributions put iPXE: Debian and Ubuntu, Fedora, openSUSE, Arch, and what people build by hand. Debian's
 * /usr/lib/ipxe/ipxe.efi is a link into /boot, and links are not followed out of a folder: /boot is one, too.
 */
export const SYSTEM_FOLDERS: readonly string[] = [
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
export interface FirmwareShelf {
  /** What can boot, and what cannot. Looks anew at each call. */
  inventory(): Promise<{ readonly found: readonly FoundProgram[]; readonly missing: readonly BootProgram[] }>;
  /** Undefined when no folder has it. The caller closes the handle. */
  open(program: BootProgram): Promise<OpenFile | undefined>;
}

/** Folders in the order of preference; those that are not there are passed over. */
export function openFirmwareShelf(folders: readonly string[]): FirmwareShelf {
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
export async function readProgram(shelf: FirmwareShelf, program: BootProgram): Promise<Buffer | undefined> {
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
