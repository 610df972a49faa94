import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { readContext } from '../context/app-context.ts';
import { type DataRoot, readAll } from '../files/data-root.ts';
import { acquireLock } from '../files/lock.ts';
import { makeFolder, publishFolder, syncFolder } from '../files/publish.ts';
import { replaceFile } from '../files/replace.ts';
import { systemFailure } from '../files/system-error.ts';
import { checkProgram, type ProgramFacts, programFacts, programOf } from '../images/boot-program-file.ts';
import { BOOT_PROGRAMS, firmwareFolders, INCOMING, OWN_FOLDER } from '../images/boot-program-table.ts';
import { openFirmwareStore } from '../images/firmware.ts';
import { asFailure, Failure, unlessFailed } from '../model/failure.ts';
import type { BootProgram } from '../model/plan.ts';
import { SILENT } from '../model/service.ts';
import type { Settings } from '../settings/settings.ts';
import { fetchText } from './fetcher.ts';
import { syncPorts } from './sync-once.ts';
import { listPiFiles, type PiFiles, PI_FOLDER, piFilesIn, piTitle, piVersion, placePiFiles } from './pi-firmware.ts';
import { readTar } from './tar.ts';
import { isZip, readZip } from './zip.ts';

/** A boot program as `pilotlight firmware` lists it. */
export interface ListedProgram {
  /** Which machines start it. */
  readonly title: string;
  readonly name: string;
  /** The file that is handed out; absent where this host has none. */
  readonly file?: string;
  readonly size?: number;
  readonly sha256?: string;
  readonly version?: string;
  /** Where it came from: an archive or a file, a package's folder, or placed by hand. */
  readonly source?: string;
  /** Why the file is not what its place says. */
  readonly problem?: string;
}

/** What boot programs there are, for which machines, of which version, and where they came from. */
export async function listFirmware(settings: Settings): Promise<readonly ListedProgram[]> {
  const { files } = await readContext(settings);
  const store = openFirmwareStore(firmwareFolders(settings));
  const { found } = await store.inventory();
  const record = await readRecord(files);
  const pi = await listPiFiles(files);
  const programs = await Promise.all(
    BOOT_PROGRAMS.map(async (program): Promise<ListedProgram> => {
      const { title, name } = program;
      const one = found.find((other) => other.program.name === name);
      const open = one && (await store.open(program));
      if (one === undefined || open === undefined) return { title, name };
      const bytes = await open.whole().finally(() => open.close());
      const sha256 = digestOf(bytes);
      const said = record[name];
      const own = one.folder === join(settings.dataDir, OWN_FOLDER) || one.folder === settings.firmwareDir;
      const source = said?.sha256 === sha256 ? said.source : own ? 'placed by hand' : 'installed on this host';
      const version = said?.sha256 === sha256 ? said.version : undefined;
      return {
        title,
        name,
        file: join(one.folder, one.file),
        size: one.size,
        sha256,
        version,
        source,
        ...look(program, bytes),
      };
    }),
  );
  if (pi === undefined) return programs;
  const { title, files: count, folder, ...said } = pi;
  return [...programs, { title: `${title}, ${count} files`, name: 'rpi', file: join(files.dir, folder), ...said }];
}

function look(program: BootProgram, bytes: Buffer): Pick<ListedProgram, 'problem' | 'version'> {
  try {
    const facts = programFacts(bytes);
    checkProgram(program, facts);
    return facts.version === undefined ? {} : { version: facts.version };
  } catch (error) {
    return { problem: asFailure(error).message };
  }
}

/** A program that was put into firmware/ of the data directory. */
export interface ImportedProgram {
  readonly name: string;
  readonly title: string;
  readonly version?: string;
  readonly sha256: string;
  /** `firmware/snponly.efi` */
  readonly file: string;
}

/** Takes the boot programs of an iPXE release's archive, or a single one, that lies on this host. */
export async function importFirmware(
  settings: Settings,
  cwd: string,
  path: string,
): Promise<readonly ImportedProgram[]> {
  const name = basename(path);
  const bytes = await readLocal(resolve(cwd, path), name);
  return await take(settings, bytes, name, name);
}

export interface FirmwareFetch {
  /** Of the iPXE project (`2.0.0`), or where the archive lies. */
  readonly from: { readonly release: string } | { readonly url: URL };
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly signal: AbortSignal;
}

/** Takes what an archive has, of the iPXE project or the mirror or any address, if the digest is right. */
export async function fetchFirmware(
  settings: Settings,
  { from, sha256, signal }: FirmwareFetch,
): Promise<readonly ImportedProgram[]> {
  const { files, catalog } = await readContext(settings);
  const mirror = settings.sync.mirrorIpxe;
  // An address that the operator named may be in a private network.
  const named = 'url' in from ? from.url.href : mirror;
  const sync = { ...settings.sync, mirrors: named === undefined ? {} : { custom: named } };
  const ports = await syncPorts({ settings: sync, files, catalog, log: SILENT, signal, emit: () => undefined });
  const url = 'url' in from ? from.url.href : `${mirror ?? PROJECT}/v${from.release}/${ARCHIVE}`;
  const fetched = await fetchText(url, ports.releases.network, { maxBytes: MOST_BYTES, redirectHosts: REDIRECTS });
  const bytes = fetched?.bytes ?? Buffer.alloc(0);
  const found = digestOf(bytes);
  if (found !== sha256) {
    throw new Failure('refused', `${url} has another digest than you named: ${found}`, {
      remedy: 'nothing was changed; compare it with the one that the project shows beside the file',
    });
  }
  const name = basename(new URL(url).pathname);
  return await take(settings, bytes, name, 'url' in from ? name : `${ARCHIVE} of iPXE ${from.release}`);
}

const PROJECT = 'https://github.com/ipxe/ipxe/releases/download';
const ARCHIVE = 'ipxeboot.tar.gz';
/** Where GitHub keeps what a release's addresses lead to. */
const REDIRECTS = ['.githubusercontent.com'];
const MOST_BYTES = 256 * 2 ** 20;

interface Candidate {
  readonly program: BootProgram;
  readonly facts: ProgramFacts;
  readonly bytes: Buffer;
}

/** All is read and checked before the first file is replaced; what came together comes into force in one step. */
async function take(
  settings: Settings,
  bytes: Buffer,
  name: string,
  source: string,
): Promise<readonly ImportedProgram[]> {
  const { files } = await readContext(settings);
  const { candidates, pi } = await contentOf(bytes, name);
  await makeFolder(files, 'state');
  const lock = await acquireLock(files.path('state/firmware.lock'), 'an import of boot programs');
  try {
    if (pi !== undefined) {
      await placePiFiles(files, pi, source);
      return [
        {
          name: 'rpi',
          title: `${piTitle(pi.has('RPI_EFI.fd'))}, ${pi.size} files`,
          version: piVersion(pi.get('start4.elf')),
          sha256: digestOf(bytes),
          file: PI_FOLDER,
        },
      ];
    }
    await finishImport(files);
    const record = { ...(await readRecord(files)) };
    const done = candidates.map(({ program: { name: of, title }, facts: { version }, bytes: content }) => {
      const sha256 = digestOf(content);
      const said = version === undefined ? {} : { version };
      record[of] = { sha256, source, ...said };
      return { name: of, title, sha256, file: `${OWN_FOLDER}/${of}`, ...said };
    });
    await removeDraft(files);
    try {
      for (const { program, bytes: content } of candidates) await writeNew(files, `${DRAFT}/${program.name}`, content);
      await writeNew(files, `${DRAFT}/${RECORD}`, `${JSON.stringify(record, null, 2)}\n`);
    } catch (error) {
      // A disk that is full would stay so.
      await removeDraft(files).catch(() => undefined);
      throw error;
    }
    await publishFolder(files, DRAFT, `${OWN_FOLDER}/${INCOMING}`);
    await finishImport(files);
    return done;
  } finally {
    await lock.release();
  }
}

const DRAFT = `${OWN_FOLDER}/.import.draft`;

async function writeNew(files: DataRoot, file: string, content: Buffer | string): Promise<void> {
  await makeFolder(files, dirname(file));
  await replaceFile(files, file, content);
}

/** What an import that was killed had written, and nothing had read. */
async function removeDraft(files: DataRoot): Promise<void> {
  await rm(files.path(DRAFT), { recursive: true, force: true });
}

/** Gives what came into force its places; also after an import that was killed here. Until then it is read where it lies. */
async function finishImport(files: DataRoot): Promise<void> {
  const incoming = `${OWN_FOLDER}/${INCOMING}`;
  for (const program of [...BOOT_PROGRAMS.map(({ name }) => name), RECORD]) {
    const bytes = await unlessFailed(files.stat(`${incoming}/${program}`));
    if (bytes === undefined) continue;
    const target = `${OWN_FOLDER}/${program}`;
    const folder = await makeFolder(files, dirname(target));
    await rename(files.path(`${incoming}/${program}`), join(folder, basename(target)));
    await syncFolder(folder);
  }
  await rm(files.path(incoming), { recursive: true, force: true });
}

/** Boot programs, or the files of a Raspberry Pi. */
async function contentOf(bytes: Buffer, name: string): Promise<{ candidates: readonly Candidate[]; pi?: PiFiles }> {
  try {
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? await unpacked(bytes) : bytes;
    const isTar = plain.toString('latin1', 257, 262) === 'ustar';
    if (!isTar && !isZip(plain)) {
      const facts = programFacts(plain);
      return { candidates: [{ program: programOf(facts, name), facts, bytes: plain }] };
    }
    const archive = isTar ? readTar(plain) : readZip(plain, 2 * MOST_BYTES);
    const pi = piFilesIn(archive);
    return pi === undefined ? { candidates: inArchive(archive) } : { candidates: [], pi };
  } catch (error) {
    const { message, remedy, code } = asFailure(error);
    throw new Failure(code, `${name}: ${message}`, { remedy: remedy ?? 'nothing was changed' });
  }
}

/** A release has a folder for each kind of machine, below one of its own (or none). */
function inArchive(archive: ReadonlyMap<string, Buffer>): readonly Candidate[] {
  const releases = BOOT_PROGRAMS.flatMap((program): readonly Candidate[] => {
    const { released } = program;
    const bytes = released === undefined ? undefined : (archive.get(`ipxeboot/${released}`) ?? archive.get(released));
    if (bytes === undefined) return [];
    try {
      const facts = programFacts(bytes);
      checkProgram(program, facts);
      return [{ program, facts, bytes }];
    } catch (error) {
      throw new Failure('invalid', `${released ?? ''} in it is not right: ${asFailure(error).message}`);
    }
  });
  if (releases.length > 0) return releases;
  throw new Failure('invalid', 'it is an archive without boot programs where an iPXE release has them', {
    remedy: `expected ${ARCHIVE} with x86_64/snponly.efi and the like; import other programs one by one`,
  });
}

async function unpacked(bytes: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: 2 * MOST_BYTES });
  } catch (cause) {
    throw new Failure('invalid', 'it is packed by gzip and damaged, cut off or far too large', { cause });
  }
}

async function readLocal(path: string, name: string): Promise<Buffer> {
  try {
    const handle = await open(path);
    try {
      const { size } = await handle.stat();
      const bytes = await readAll(handle, Math.min(size, MOST_BYTES), MOST_BYTES);
      if (bytes === undefined)
        throw new Failure('too-large', `${name} is over ${MOST_BYTES} bytes: no boot program is`);
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw systemFailure(error, name);
  }
}

/** What was imported, by the names of the programs. A file that was replaced since has another digest: then it does not count. */
const RECORD = 'programs.json';
type Notes = Readonly<Record<string, { readonly sha256: string; readonly source: string; readonly version?: string }>>;

async function readRecord(files: DataRoot): Promise<Notes> {
  const bytes =
    (await files.readIfThere(`${OWN_FOLDER}/${INCOMING}/${RECORD}`, 2 ** 20)) ??
    (await files.readIfThere(`${OWN_FOLDER}/${RECORD}`, 2 ** 20));
  if (bytes === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Notes) : {};
  } catch (error) {
    // Only notes: without them the programs boot as well.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
