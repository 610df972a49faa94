import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder, publishFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { errnoOf, systemFailure } from '../files/system-error.ts';
import { OWN_FOLDER } from '../images/boot-program-table.ts';
import { setAside } from '../images/firmware.ts';
import { Failure, unlessFailed } from '../model/failure.ts';

/** What the firmware of a Raspberry Pi loads of its makers' files, or UEFI for it. */
export type PiFiles = ReadonlyMap<string, Buffer>;

/** By which an archive is known: UEFI for it (pftf), the firmware of a Pi 4, what describes the board of either. */
const SIGN = /^(?:RPI_EFI\.fd|start4\w*\.elf|bcm271[12]-rpi-[\w-]+\.dtb)$/;
const OF_ITS_FOLDER = /^(?:overlays\/)?(?!overlays$)\w[\w.+-]{0,99}$/;
/** Its makers have 500. */
const MOST_FILES = 4096;
/** Kernels come from the profile. */
const KERNEL = /^(?:kernel|initramfs|vmlinu|initrd)/;
export const PI_FOLDER = `${OWN_FOLDER}/rpi`;
/** Where the others come from: it stands for them as long as their number and size are theirs. */
const NOTE = '.source';
/** A firmware's start4.elf has 2 to 4 MB. */
const MOST_BYTES = 16 * 2 ** 20;
const [DRAFT, OLD] = [`${OWN_FOLDER}/.rpi.draft`, `${OWN_FOLDER}/${setAside('rpi')}`] as const;

/** Those of an archive, from the folder in which they lie, by their paths below it. Undefined: it has none. */
export function piFilesIn(archive: ReadonlyMap<string, Buffer>): PiFiles | undefined {
  const [first] = [...archive.keys()].filter((path) => SIGN.test(path.slice(path.lastIndexOf('/') + 1))).sort(byDepth);
  if (first === undefined) return undefined;
  const folder = first.slice(0, first.lastIndexOf('/') + 1);
  const files = new Map<string, Buffer>();
  for (const [path, bytes] of archive) {
    const below = path.startsWith(folder) ? path.slice(folder.length) : '';
    if (!OF_ITS_FOLDER.test(below) || KERNEL.test(below)) continue;
    const wrong = wrongIn(below, bytes);
    if (wrong !== undefined) throw new Failure('invalid', `${path} in it is ${wrong}`);
    files.set(below, bytes);
  }
  if (files.size > MOST_FILES)
    throw new Failure('too-large', `it has ${files.size} files for a Raspberry Pi: over ${MOST_FILES} are a mistake`);
  return files;
}

function wrongIn(path: string, bytes: Buffer): string | undefined {
  if (bytes.length === 0) return path.endsWith('.txt') ? undefined : 'empty';
  if (path.endsWith('.elf') && bytes.toString('latin1', 0, 4) !== '\x7fELF') return 'no program of the GPU (ELF)';
  if (/\.dtbo?$/.test(path) && bytes.toString('hex', 0, 4) !== 'd00dfeed') return 'no device tree';
  return undefined;
}

/** `UEFI`, or what it boots by itself. */
export function piTitle(hasUefi: boolean): string {
  return hasUefi ? 'Raspberry Pi, UEFI' : 'Raspberry Pi, its own firmware';
}

/** Of the Pi 4's own firmware, as it says itself: the day of its build and its commit. A Pi 5 has its in its own memory. */
export function piVersion(start4: Buffer | undefined): string | undefined {
  const text = start4?.toString('latin1') ?? '';
  const [, month = '', day = '', year = ''] = /VC_BUILD_ID_TIME: ([A-Z][a-z]{2}) +(\d{1,2}) (\d{4})\0/.exec(text) ?? [];
  const at = MONTHS.indexOf(month) / 3 + 1;
  const commit = /VC_BUILD_ID_VERSION: ([0-9a-f]{12})/.exec(text)?.[1];
  if (commit === undefined || !Number.isInteger(at) || at < 1) return undefined;
  return `${year}-${String(at).padStart(2, '0')}-${day.padStart(2, '0')} (${commit})`;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

export interface PiListing {
  /** Where they lie, below the data directory. */
  readonly folder: string;
  readonly title: string;
  readonly files: number;
  /** Bytes. */
  readonly size: number;
  readonly version?: string | undefined;
  /** The archive, or placed by hand. */
  readonly source: string;
}

/** What is in firmware/rpi/, if anything is. */
export async function listPiFiles(root: DataRoot): Promise<PiListing | undefined> {
  const namesIn = async (folder: string): Promise<readonly string[]> =>
    (await unlessFailed(root.list(folder)))?.names.map((name) => `${folder}/${name}`) ?? [];
  // After an import that was killed between its two renames, boards get what is set aside.
  const folder = (await unlessFailed(root.real(PI_FOLDER))) === undefined ? OLD : PI_FOLDER;
  const top = (await namesIn(folder)).filter((path) => path !== `${folder}/${NOTE}`);
  const paths = [...top, ...(await namesIn(`${folder}/overlays`))];
  if (paths.length === 0) return undefined;
  let size = 0;
  for (const path of paths) size += (await unlessFailed(root.stat(path)))?.size ?? 0;
  const note = (await unlessFailed(root.readIfThere(`${folder}/${NOTE}`, 4096)))?.toString('utf8');
  const source = /^(\d+) files, (\d+) bytes, of (.+)\n$/.exec(note ?? '');
  return {
    folder,
    title: piTitle(top.includes(`${folder}/RPI_EFI.fd`)),
    files: paths.length,
    size,
    version: piVersion(await unlessFailed(root.readIfThere(`${folder}/start4.elf`, MOST_BYTES))),
    source: source?.[1] === String(paths.length) && source[2] === String(size) ? (source[3] ?? '') : 'placed by hand',
  };
}

/**
 * Replaces firmware/rpi/ as a whole: a part of one release and a part of another start nothing, and what the last one had
 * decides by its being there. Between the two renames a Pi gets the last one's.
 */
export async function placePiFiles(root: DataRoot, files: PiFiles, source: string): Promise<void> {
  await recover(root);
  const removeDraft = async (): Promise<void> => {
    await rm(root.path(DRAFT), { recursive: true, force: true });
  };
  await removeDraft();
  let size = 0;
  try {
    for (const [path, bytes] of files) {
      await makeFolder(root, dirname(`${DRAFT}/${path}`));
      await replaceFile(root, `${DRAFT}/${path}`, bytes);
      size += bytes.length;
    }
    await replaceFile(root, `${DRAFT}/${NOTE}`, `${files.size} files, ${size} bytes, of ${source}\n`);
  } catch (error) {
    // A disk that is full would stay so.
    await removeDraft().catch(() => undefined);
    throw error;
  }
  const hadOne = await moved(root, PI_FOLDER, OLD);
  await publishFolder(root, DRAFT, PI_FOLDER);
  if (hadOne) await rm(root.path(OLD), { recursive: true, force: true });
}

/** One that was killed between the two renames. */
async function recover(root: DataRoot): Promise<void> {
  if (!(await moved(root, OLD, PI_FOLDER))) await rm(root.path(OLD), { recursive: true, force: true });
}

/** False: nothing is there, or something is at the target. */
async function moved(root: DataRoot, from: string, to: string): Promise<boolean> {
  try {
    await rename(root.path(from), root.path(to));
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) return false;
    throw systemFailure(error, to);
  }
}

function byDepth(a: string, b: string): number {
  return a.split('/').length - b.split('/').length || (a < b ? -1 : 1);
}
