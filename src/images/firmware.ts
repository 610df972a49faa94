import { type DataRoot, openDataRoot, type OpenFile } from '../files/data-root.ts';
import { unlessFailed } from '../model/failure.ts';
import type { BootProgram } from '../model/plan.ts';
import { createRepeater, type Log, type Service } from '../model/service.ts';
import { BOOT_PROGRAMS, INCOMING } from './boot-program-table.ts';

/** A boot program that was found, by the folder's own name and not its path. */
export interface FoundProgram {
  readonly program: BootProgram;
  readonly folder: string;
  readonly file: string;
  /** Bytes. */
  readonly size: number;
}

/** A boot program's file, open. Replaced meanwhile, it stays what it was. The caller closes it. */
export interface ProgramFile {
  readonly size: number;
  /** Of the system, for who reads it without `read`. */
  readonly descriptor?: number;
  /** At least one and at most `length` bytes from `offset`; none at the end. */
  read(offset: number, length: number): Promise<Buffer>;
  /** About a megabyte. */
  whole(): Promise<Buffer>;
  close(): Promise<void>;
}

/** The boot programs that this host has. */
export interface FirmwareStore {
  /** What can boot, and what cannot. Looks anew at each call. */
  inventory(): Promise<{ readonly found: readonly FoundProgram[]; readonly missing: readonly BootProgram[] }>;
  /** As of the last inventory. */
  has(program: BootProgram): boolean;
  /** Undefined when no folder has it. */
  open(program: BootProgram): Promise<ProgramFile | undefined>;
  /**
   * A file by its path below the first folder that has it. While an import replaces its top folder, or after one that was
   * killed: the file as it was (`setAside`).
   */
  openBelow(path: string): Promise<ProgramFile | undefined>;
}

/** Folders in the order of preference; those that are not there are passed over. */
export function openFirmwareStore(folders: readonly string[]): FirmwareStore {
  const roots = new Map<string, DataRoot>();
  let known: ReadonlySet<string> = new Set();

  async function rootOf(folder: string): Promise<DataRoot | undefined> {
    const root = roots.get(folder) ?? (await unlessFailed(openDataRoot(folder)));
    if (root !== undefined) roots.set(folder, root);
    return root;
  }

  async function firstOf<T>(
    program: BootProgram,
    look: (root: DataRoot, file: string, folder: string) => Promise<T>,
  ): Promise<T | undefined> {
    for (const folder of folders) {
      const root = await rootOf(folder);
      if (root === undefined) continue;
      for (const file of program.files.flatMap((name) => [`${INCOMING}/${name}`, name])) {
        const found = await unlessFailed(look(root, file, folder));
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  return {
    async inventory() {
      const found: FoundProgram[] = [];
      for (const program of BOOT_PROGRAMS) {
        const one = await firstOf(program, async (root, file, folder) => {
          const { size } = await root.stat(file);
          return { program, folder, file, size };
        });
        if (one !== undefined) found.push(one);
      }
      known = new Set(found.map(({ program }) => program.name));
      return { found, missing: BOOT_PROGRAMS.filter(({ name }) => !known.has(name)) };
    },
    has: ({ name }) => known.has(name),
    async openBelow(path) {
      for (const folder of folders) {
        const root = await rootOf(folder);
        if (root === undefined) continue;
        const top = path.slice(0, path.indexOf('/'));
        const file =
          (await unlessFailed(root.open(path))) ??
          ((await unlessFailed(root.real(top))) === undefined
            ? await unlessFailed(root.open(`${setAside(top)}${path.slice(top.length)}`))
            : undefined) ??
          // It was put into place between the two looks.
          (await unlessFailed(root.open(path)));
        if (file !== undefined) return lend(file);
      }
      return undefined;
    },
    open: async (program) => await firstOf(program, async (root, file) => lend(await root.open(file))),
  };
}

function lend({ size, handle }: OpenFile): ProgramFile {
  return {
    size,
    descriptor: handle.fd,
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    whole: async () => await handle.readFile(),
    close: async () => {
      await handle.close();
    },
  };
}

/** Where a folder of firmware/ lies while it is replaced: between two renames it is not at its place. */
export function setAside(folder: string): string {
  return `.${folder}.old`;
}

const LOOK_MS = 10_000;

/** Says at start which machines can boot and what is missing, and follows what a person installs later. */
export function createFirmwareWatch(store: FirmwareStore, log: Log): Service {
  let boots = -1;
  const follow = createRepeater(LOOK_MS, look, (error) => {
    log.warn({ err: error }, 'the boot programs could not be looked for');
  });

  async function look(): Promise<void> {
    const { found, missing } = await store.inventory();
    if (found.length === boots) return;
    boots = found.length;
    log.info(
      {
        boots: found.map(({ program, file }) => `${program.title}: ${file}`),
        missing: missing.filter(({ kind }) => kind === 'ipxe').map(({ title }) => title),
      },
      boots === 0 ? 'no boot program found: install one (apt install ipxe)' : 'boot programs',
    );
  }

  return {
    name: 'firmware',
    async start() {
      await look();
      follow.start();
    },
    stop: () => follow.stop(),
  };
}
