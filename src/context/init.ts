import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { profileSchemaFile } from '../catalog/profile-schema.ts';
import { writeOut } from '../files/publish.ts';
import { errnoOf, systemFailure } from '../files/system-error.ts';
import { Failure } from '../model/failure.ts';
import type { ProfileArch, SystemId } from '../model/profile.ts';

export interface InitRequest {
  /** Absolute; made when it is not there. */
  readonly dir: string;
  readonly system: SystemId;
  /** Which processor its machines have; the example says nothing of it, which is amd64. */
  readonly arch?: ProfileArch | undefined;
  /** In place of the example's disk, for systems whose example installs. */
  readonly disk?: string | undefined;
  /** Where `.ssh/*.pub` are looked for. */
  readonly home?: string | undefined;
}

export interface InitReport {
  readonly dir: string;
  readonly profile: string;
  readonly installs: boolean;
  readonly written: readonly string[];
  /** What was there already, and is as it was. */
  readonly kept: readonly string[];
  /** Public keys that the new data directory now holds or held before. */
  readonly keys: number;
}

/** The profile's schema beside profiles/, for `"$schema"`. */
const SCHEMA = 'profile.schema.json';
const FOLDERS = ['', 'profiles', 'configs', 'sshkeys', 'images'];

/** Makes a data directory with one example for the system. Replaces nothing that is there. */
export async function initDataDir({ dir, system, arch, disk, home }: InitRequest): Promise<InitReport> {
  const example = exampleOf(system);
  const profileFile = `profiles/${system}.json`;
  const profile = JSON.parse(example.get(profileFile) ?? '{}') as { readonly install?: object };
  const installs = profile.install !== undefined;
  if (disk !== undefined) example.set(profileFile, onDisk(example.get(profileFile) ?? '', disk, system, installs));
  if (arch !== undefined) example.set(profileFile, withArch(example.get(profileFile) ?? '', arch, system));
  const files = new Map<string, string | Buffer>([[SCHEMA, profileSchemaFile()], ...example]);
  for (const [name, key] of home === undefined ? [] : publicKeys(join(home, '.ssh'))) files.set(`sshkeys/${name}`, key);
  const written: string[] = [];
  const kept: string[] = [];
  await makeDataFolders(dir);
  for (const [file, content] of files) {
    const list = (await writeNew(join(dir, file), content)) ? written : kept;
    list.push(file);
  }
  const keys = readdirSync(join(dir, 'sshkeys')).filter((name) => name.endsWith('.pub')).length;
  return { dir, profile: system, installs, written, kept, keys };
}

function onDisk(text: string, disk: string, system: SystemId, installs: boolean): string {
  if (!installs) {
    throw new Failure('invalid', `the example for ${system} runs from memory: it takes no --disk`, {
      remedy: 'leave it out; docs/lifecycle.md has a profile that installs',
    });
  }
  return text.replace('"/dev/sda"', () => JSON.stringify(disk));
}

/** `"arch"` follows `"system"`; the serial console of an arm64 machine has another name. */
function withArch(text: string, arch: ProfileArch, system: SystemId): string {
  if (arch !== 'amd64' && (system === 'coreos' || (system === 'custom' && arch === 'auto'))) {
    throw new Failure('invalid', `${system} has no example for --arch ${arch}`, {
      remedy: system === 'coreos' ? 'its last release is for amd64 alone' : 'its kernel is for one: amd64 or arm64',
    });
  }
  const serial = { amd64: '"ttyS0"', arm64: '"ttyAMA0"', auto: '"ttyAMA0", "ttyS0"' }[arch];
  return text
    .replace(
      /^( *)("system": .*)$/m,
      (_, indent: string, line: string) => `${indent}${line}\n${indent}"arch": "${arch}",`,
    )
    .replace('"ttyS0"', serial);
}

/** Its files by their names in a data directory. */
function exampleOf(system: SystemId): Map<string, string> {
  const top = fileURLToPath(new URL(`./examples/${system}/`, import.meta.url));
  const files = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [relative(top, path), readFileSync(path, 'utf8')]));
}

/** What `ssh-keygen` has made there; certificates are signed for one host or user, and no keys. */
function publicKeys(folder: string): readonly (readonly [string, Buffer])[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter(({ name }) => name.endsWith('.pub') && !name.endsWith('-cert.pub'))
    .flatMap(({ name }) => {
      try {
        const key = readFileSync(join(folder, name));
        return /^(?:ssh|ecdsa|sk)-\S+ \S+/.test(key.toString()) ? [[name, key] as const] : [];
      } catch {
        return [];
      }
    });
}

/** Its folders, as far as they are not there. */
export async function makeDataFolders(dir: string): Promise<void> {
  for (const folder of FOLDERS) await makeFolder(join(dir, folder));
}

async function makeFolder(path: string): Promise<void> {
  try {
    if ((await mkdir(path, { recursive: true })) !== undefined) await giveToOwner(path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST')
      throw new Failure('conflict', `${path} is a file, and no folder`, { cause: error });
    throw systemFailure(error, path);
  }
}

/** False when something is there already, which stays as it is. */
export async function writeNew(path: string, content: string | Buffer): Promise<boolean> {
  await makeFolder(dirname(path));
  try {
    await writeOut(path, content, { force: false, mode: 0o644 });
    await giveToOwner(path);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === 'conflict') return false;
    throw error;
  }
}

/** What root makes belongs to whom its folder belongs: the server runs as that user, and keeps versions current. */
async function giveToOwner(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(path));
  await chown(path, uid, gid);
}
