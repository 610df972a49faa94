import { randomBytes } from 'node:crypto';
import { chmod, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DataRoot } from '../files/data-root.ts';
import { makeFolder, publishFolder } from '../files/publish.ts';
import { errnoOf, systemFailure } from '../files/system-error.ts';
import { MANIFEST_NAME, type ManifestFile, manifestText } from '../images/manifest.ts';
import { Failure } from '../model/failure.ts';
import { parseVersion } from '../model/profile.ts';
import { bytesText } from '../model/text.ts';
import { checkSpace, diskSpace, DRAFTS, hashRest, startHashes } from './draft.ts';

/** An installer image has three gigabytes; a slip of the hand must not fill the disk. */
const MOST_BYTES = 16 * 2 ** 30;
const MOST_FILES = 64;
/** One that was left is removed when the next one begins. */
const KEPT_MS = 24 * 3_600_000;
const PREFIX = 'upload-';
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;

/**
 * Files that come from a browser, a piece after the other: beside the drafts of downloads, never served and never
 * believed. `images import` then takes them as files that were carried here.
 */
export interface Uploads {
  /** Makes a place for so many bytes. Throws `too-large`, and `unavailable` where they do not fit. */
  begin(bytes: number): Promise<string>;
  /** Writes a piece where it belongs; the same piece twice is the same. Throws `conflict` for one that leaves a gap. */
  put(upload: string, name: string, at: number, piece: Buffer): Promise<void>;
  /** The host's paths of its files. Throws `not-found`, and `invalid` for digests that are not theirs. */
  files(upload: string, digests: string): Promise<readonly string[]>;
  /**
   * Publishes it at images/custom/NAME/VERSION: files that no publisher signs, each believed for the digest that is given
   * with it. Throws `invalid` where one is missing, and `conflict` where something is there.
   */
  publish(upload: string, place: string, digests: string): Promise<string>;
  remove(upload: string): Promise<void>;
}

export function createUploads(root: DataRoot, now: () => number): Uploads {
  /** What each may still take, by its name. */
  const left = new Map<string, number>();

  function folderOf(upload: string): string {
    if (/^[0-9a-f]{32}$/.test(upload) && left.has(upload)) return `${DRAFTS}/${PREFIX}${upload}`;
    throw new Failure('not-found', 'this upload is not known any more', { remedy: 'begin it anew' });
  }

  async function sweep(folder: string): Promise<void> {
    for (const name of await readdir(folder)) {
      if (!name.startsWith(PREFIX)) continue;
      const path = join(folder, name);
      const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, () => 0); // prettier-ignore
      if (now() - changed < KEPT_MS) continue;
      await rm(path, { recursive: true, force: true });
      left.delete(name.slice(PREFIX.length));
    }
  }

  async function remove(upload: string): Promise<void> {
    const folder = folderOf(upload);
    left.delete(upload);
    await rm(root.path(folder), { recursive: true, force: true });
  }

  return {
    async begin(bytes) {
      if (bytes > MOST_BYTES) {
        throw new Failure('too-large', `the files are over ${bytesText(MOST_BYTES)} together`, {
          remedy: 'carry them to the server and use `pilotlight images import`',
        });
      }
      const drafts = await makeFolder(root, DRAFTS);
      await sweep(drafts);
      // The import makes copies, verified, beside what was uploaded.
      checkSpace(2 * bytes, await diskSpace(drafts));
      const upload = randomBytes(16).toString('hex');
      await makeFolder(root, `${DRAFTS}/${PREFIX}${upload}`);
      left.set(upload, bytes);
      return upload;
    },
    async put(upload, name, at, piece) {
      const folder = folderOf(upload);
      if (!FILE_NAME.test(name)) {
        throw new Failure('invalid', `"${name.slice(0, 80)}" is not a name of a file of a release`, {
          remedy: "use the publisher's own names: letters, digits, dot, hyphen, plus and underscore",
        });
      }
      const path = join(root.path(folder), name);
      try {
        const names = await readdir(root.path(folder));
        if (!names.includes(name) && names.length >= MOST_FILES) {
          throw new Failure('too-large', `an upload has at most ${MOST_FILES} files`);
        }
        const handle = await open(path, names.includes(name) ? 'r+' : 'wx+', 0o600);
        try {
          const { size } = await handle.stat();
          if (at > size) throw new Failure('conflict', `a piece of ${name} is missing before this one`);
          const grown = Math.max(0, at + piece.length - size);
          const rest = (left.get(upload) ?? 0) - grown;
          if (rest < 0) throw new Failure('too-large', 'more bytes come than the upload began with');
          left.set(upload, rest);
          // Where the disk gets full one call writes a part and says nothing.
          for (let done = 0; done < piece.length;) {
            done += (await handle.write(piece, done, piece.length - done, at + done)).bytesWritten;
          }
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw error instanceof Failure ? error : systemFailure(error, `${folder}/${name}`);
      }
    },
    async files(upload, digests) {
      const folder = folderOf(upload);
      const names = await readdir(root.path(folder)).catch((error: unknown) => {
        throw errnoOf(error) === 'ENOENT' ? gone() : systemFailure(error, folder);
      });
      if (names.length === 0) throw new Failure('invalid', 'no file was uploaded');
      await checkDigests(root.path(folder), names, digests);
      return names.sort().map((name) => join(root.path(folder), name));
    },
    async publish(upload, place, digests) {
      const folder = folderOf(upload);
      const [custom, name = '', version = '', ...more] = place.split('/');
      if (custom !== 'custom' || !FILE_NAME.test(name) || parseVersion(version) === undefined || more.length > 0) {
        throw new Failure('invalid', `"${place.slice(0, 100)}" is not a place for files of your own`, {
          remedy: 'write custom/NAME/VERSION, such as custom/rescue/2026.1',
        });
      }
      const names = (await this.files(upload, digests)).map((path) => basename(path));
      const files = await checkDigests(root.path(folder), names, digests);
      const bare = names.filter((one) => files[one] === undefined);
      if (bare.length > 0) {
        throw new Failure('invalid', `no SHA-256 is given for ${bare.join(', ')}`, {
          remedy: 'one line for each file, as sha256sum writes it: without it nothing says that the file is whole',
        });
      }
      for (const one of names) await chmod(join(root.path(folder), one), 0o644);
      const about = { system: 'custom', channel: name, version, publishedAt: new Date(now()).toISOString() };
      const manifest = { ...about, byHand: true, digestsGiven: true, files };
      await writeFile(join(root.path(folder), MANIFEST_NAME), manifestText(manifest), { mode: 0o644 });
      await chmod(root.path(folder), 0o755);
      await publishFolder(root, folder, `images/${place}`);
      left.delete(upload);
      return place;
    },
    remove,
  };
}

function gone(): Failure {
  return new Failure('not-found', 'this upload is not there any more', { remedy: 'begin it anew' });
}

/**
 * Lines as sha256sum writes them, or one digest alone for one file alone. Gives the files that are what their line says.
 * Throws `invalid` for what does not agree.
 */
async function checkDigests(
  folder: string,
  names: readonly string[],
  digests: string,
): Promise<Readonly<Record<string, ManifestFile>>> {
  const checked: Record<string, ManifestFile> = {};
  for (const line of digests
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '')) {
    const [, wanted = '', named] = /^([0-9a-fA-F]{64})(?:\s+\*?(\S+))?$/.exec(line) ?? [];
    const name = named ?? (names.length === 1 ? names[0] : undefined);
    if (wanted === '' || name === undefined || !names.includes(name)) {
      throw new Failure('invalid', `"${line.slice(0, 100)}" is not the SHA-256 of an uploaded file`, {
        remedy: 'one line for each file, as sha256sum writes it: the digest, two spaces, the name',
      });
    }
    const handle = await open(join(folder, name), 'r');
    try {
      const hashes = startHashes(new Set());
      await hashRest(handle, hashes);
      const found = hashes.hex('sha256');
      if (found === wanted.toLowerCase()) {
        checked[name] = { size: (await handle.stat()).size, sha256: found };
        continue;
      }
      throw new Failure('invalid', `${name} is not what its digest says: its SHA-256 is ${found}`, {
        remedy: 'it was damaged on the way, or the digest is of another file',
      });
    } finally {
      await handle.close();
    }
  }
  return checked;
}
