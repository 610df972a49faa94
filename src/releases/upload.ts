import { randomBytes } from 'node:crypto';
import { chmod, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  /**
   * Ends it: no piece comes after this, what is checked stays as it is, and who asks a second time gets nothing. Throws
   * `not-found`.
   */
  take(upload: string): Promise<TakenUpload>;
}

/** Files that are all there, in one pair of hands. */
export interface TakenUpload {
  /** The host's paths of its files. Throws `invalid` for digests that are not theirs. */
  files(digests: string): Promise<readonly string[]>;
  /**
   * Publishes it at images/custom/NAME/VERSION: files that no publisher signs, each believed for the digest that is given
   * with it. Throws `invalid` where one is missing, and `conflict` where something is there.
   */
  publish(place: string, digests: string): Promise<string>;
  /** What was published is not there any more, and stays. */
  remove(): Promise<void>;
}

interface Upload {
  /** Bytes that it may still take. */
  rest: number;
  /** Its pieces are written one after the other: a browser that waited in vain sends one again. */
  last: Promise<unknown>;
}

export function createUploads(root: DataRoot, now: () => number): Uploads {
  const begun = new Map<string, Upload>();

  function known(upload: string): Upload {
    const found = begun.get(upload);
    if (found !== undefined) return found;
    throw new Failure('not-found', 'this upload is not known any more', { remedy: 'begin it anew' });
  }

  async function sweep(folder: string): Promise<void> {
    for (const name of await readdir(folder)) {
      if (!name.startsWith(PREFIX)) continue;
      const path = join(folder, name);
      const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, () => 0); // prettier-ignore
      if (now() - changed < KEPT_MS) continue;
      await rm(path, { recursive: true, force: true });
      begun.delete(name.slice(PREFIX.length));
    }
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
      await makeFolder(root, folderOf(upload));
      begun.set(upload, { rest: bytes, last: Promise.resolve() });
      return upload;
    },
    async put(upload, name, at, piece) {
      const of = known(upload);
      if (!FILE_NAME.test(name)) {
        throw new Failure('invalid', `"${name.slice(0, 80)}" is not a name of a file of a release`, {
          remedy: "use the publisher's own names: letters, digits, dot, hyphen, plus and underscore",
        });
      }
      const written = of.last.then(() => writePiece(root, folderOf(upload), of, { name, at, piece }));
      of.last = written.catch(() => undefined);
      await written;
    },
    async take(upload) {
      const { last } = known(upload);
      begun.delete(upload);
      await last;
      return takenUpload(root, folderOf(upload), now);
    },
  };
}

function folderOf(upload: string): string {
  return `${DRAFTS}/${PREFIX}${upload}`;
}

interface Piece {
  readonly name: string;
  readonly at: number;
  readonly piece: Buffer;
}

async function writePiece(root: DataRoot, folder: string, of: Upload, { name, at, piece }: Piece): Promise<void> {
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
      const rest = of.rest - Math.max(0, at + piece.length - size);
      if (rest < 0) throw new Failure('too-large', 'more bytes come than the upload began with');
      of.rest = rest;
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
}

function takenUpload(root: DataRoot, folder: string, now: () => number): TakenUpload {
  async function namesOf(): Promise<readonly string[]> {
    const names = await readdir(root.path(folder)).catch((error: unknown) => {
      throw errnoOf(error) === 'ENOENT' ? gone() : systemFailure(error, folder);
    });
    if (names.length === 0) throw new Failure('invalid', 'no file was uploaded');
    return names.sort();
  }

  return {
    async files(digests) {
      const names = await namesOf();
      await checkDigests(root.path(folder), names, digests);
      return names.map((name) => join(root.path(folder), name));
    },
    async publish(place, digests) {
      const [custom, name = '', version = '', ...more] = place.split('/');
      if (custom !== 'custom' || !FILE_NAME.test(name) || parseVersion(version) === undefined || more.length > 0) {
        throw new Failure('invalid', `"${place.slice(0, 100)}" is not a place for files of your own`, {
          remedy: 'write custom/NAME/VERSION, such as custom/rescue/2026.1',
        });
      }
      const names = await namesOf();
      const files = await checkDigests(root.path(folder), names, digests);
      const bare = names.filter((one) => !files.has(one));
      if (bare.length > 0) {
        throw new Failure('invalid', `no SHA-256 is given for ${bare.join(', ')}`, {
          remedy: 'one line for each file, as sha256sum writes it: without it nothing says that the file is whole',
        });
      }
      for (const one of names) await chmod(join(root.path(folder), one), 0o644);
      const about = { system: 'custom', channel: name, version, publishedAt: new Date(now()).toISOString() };
      const manifest = { ...about, byHand: true, digestsGiven: true, files: Object.fromEntries(files) };
      await writeFile(join(root.path(folder), MANIFEST_NAME), manifestText(manifest), { mode: 0o644 });
      await chmod(root.path(folder), 0o755);
      await publishFolder(root, folder, `images/${place}`);
      return place;
    },
    async remove() {
      await rm(root.path(folder), { recursive: true, force: true });
    },
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
): Promise<ReadonlyMap<string, ManifestFile>> {
  const checked = new Map<string, ManifestFile>();
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
        checked.set(name, { size: (await handle.stat()).size, sha256: found });
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
