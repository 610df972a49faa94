import type { FileHandle } from 'node:fs/promises';
import { sep } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import { type DataRoot, factsOf, type FileFacts, hasSameContent, identityOf, type OpenFile } from '../files/data-root.ts';
import { shownPath } from '../files/system-error.ts';
import { Failure, unlessFailed } from '../model/failure.ts';
import type { ChunkCache, ChunkSource, Slice } from './chunk-cache.ts';
import { MANIFEST_BYTES, MANIFEST_NAME, parseManifest } from './manifest.ts';

/** A published file, open for one reader, who closes it. All its bytes are of one version. */
export interface StoredImage {
  /** Below images/. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** Strong, with its quotes: another one for every other content. */
  readonly etag: string;
  /**
   * At least one byte of `start`..`end` (exclusive), as much as is at hand. Rejects with `unavailable` when the file
   * was changed in place or cannot be read. Release it when nothing can touch the bytes any more.
   */
  slice(start: number, end: number): Slice | Promise<Slice>;
  /** For a sender that does not read the bytes: the file itself. Absent where there is none behind it. */
  readonly source?: ImageSource;
  /** Slices that are out stay valid. May be called twice. */
  close(): void;
}

/** Open until the image is closed. */
export interface ImageSource extends Pick<ChunkSource, 'readInto'> {
  readonly handle: FileHandle;
  /** Rejects with `unavailable` when the file was changed in place: then what was sent until now is of no version. */
  check(): Promise<void>;
}

/** What is below images/: the only way to an image, for HTTP and TFTP alike. */
export interface ImageStore {
  has(path: string): Promise<boolean>;
  /**
   * Failures: as DataRoot; drafts and other names with a leading dot are `not-found`, a link to one of them or to
   * what lies outside images/ (a key in state/, a document) is `refused`.
   */
  open(path: string): Promise<StoredImage>;
}

const IMAGES = 'images';
const ATTEMPTS = 3;

export function openImageStore(root: DataRoot, cache: ChunkCache): ImageStore {
  /** By identity: the file that all readers of a version share, open or being opened. */
  const shared = new Map<string, Promise<SharedFile | undefined>>();
  /** Where images/ really is, as it was last seen. */
  let images: string | undefined;

  /** The facts of what may be served under that path. */
  async function look(path: string): Promise<FileFacts> {
    const place = placeOf(path);
    const target = await root.real(place);
    // images/ may have moved since: look again before anything is refused.
    if (!isBelow(images, target)) images = await root.real(IMAGES);
    if (!isBelow(images, target)) throw new Failure('refused', `images/${shownPath(path)} is a link that leaves images/`);
    return await root.stat(place);
  }

  async function has(path: string): Promise<boolean> {
    const facts = await unlessFailed(look(path), 'not-found', 'refused');
    return facts !== undefined;
  }

  async function open(path: string): Promise<StoredImage> {
    const place = placeOf(path);
    // Again when the file was replaced between the look and the opening, or was just closed by its last reader.
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const facts = await look(path);
      const etag = await etagOf(root, place, facts);
      const file = await share(place, identityOf(facts));
      if (file?.use() === true) return lend(path, file, etag, cache);
    }
    throw new Failure('unavailable', `${shownPath(path)} is being replaced`, { remedy: 'ask again' });
  }

  /** One open file for a version, however many ask for it at once: 500 nodes cost one descriptor. */
  async function share(place: string, id: string): Promise<SharedFile | undefined> {
    const opening = shared.get(id) ?? openShared(place, id);
    shared.set(id, opening);
    try {
      const file = await opening;
      if (file === undefined) shared.delete(id);
      return file;
    } catch (error) {
      shared.delete(id);
      throw error;
    }
  }

  /** Undefined when another version lies there by now. */
  async function openShared(place: string, id: string): Promise<SharedFile | undefined> {
    const file = await root.open(place);
    if (identityOf(file) === id) return new SharedFile(file, id, () => shared.delete(id));
    await file.handle.close();
    return undefined;
  }

  return { has, open };
}

function lend(path: string, file: SharedFile, etag: string, cache: ChunkCache): StoredImage {
  let open = true;
  return {
    path,
    size: file.size,
    mtimeMs: file.mtimeMs,
    etag,
    source: file,
    slice(start, end) {
      if (!open) throw new TypeError('a slice of a closed file was asked for');
      return cache.slice(file, start, end);
    },
    close() {
      if (!open) return;
      open = false;
      file.leave();
    },
  };
}

function placeOf(path: string): string {
  // A leading dot: drafts that are not verified yet, manifests, and every form of `..`.
  if (path.split('/').some((segment) => segment.startsWith('.'))) {
    throw new Failure('not-found', `images/${shownPath(path)} does not exist`);
  }
  return `${IMAGES}/${path}`;
}

/** True for a path inside that folder of which no part is hidden. */
function isBelow(folder: string | undefined, target: string): boolean {
  return folder !== undefined && target.startsWith(folder + sep) && !target.slice(folder.length).includes(`${sep}.`);
}

/**
 * A strong ETag (RFC 9110 8.8.1), with its quotes. The SHA-256 that was verified when the release was published, the
 * same on every server and after every restore; for files that no manifest vouches for, what the file system knows.
 */
export async function etagOf(root: DataRoot, place: string, facts: FileFacts): Promise<string> {
  // No manifest, or a damaged one: `check` speaks of it, the file can be delivered all the same.
  const sha256 = await unlessFailed(publishedHash(root, place, facts));
  return `"${sha256 ?? identityOf(facts)}"`;
}

async function publishedHash(root: DataRoot, place: string, facts: FileFacts): Promise<string | undefined> {
  const manifest = await root.read(`${dirname(place)}/${MANIFEST_NAME}`, MANIFEST_BYTES);
  const { files } = parseManifest(manifest.bytes.toString('utf8'));
  const file = Object.hasOwn(files, basename(place)) ? files[basename(place)] : undefined;
  // A file that was touched after the manifest was written is not surely the one that was hashed.
  return file?.size === facts.size && facts.ctimeNs <= manifest.ctimeNs ? file.sha256 : undefined;
}

/**
 * One open file for all its readers. It stays open while a reader uses it, so a file that is replaced by rename is
 * delivered to its end as it was. Every read is followed by a look at the file: bytes of a file that was written in
 * place meanwhile are never given out.
 */
export class SharedFile implements ChunkSource, ImageSource {
  readonly id: string;
  readonly size: number;
  readonly #file: OpenFile;
  readonly #onClose: () => void;
  #facts: FileFacts;
  #users = 0;
  #closed = false;

  /** Without a user yet; `onClose` is called when the last user has left. */
  constructor(file: OpenFile, id: string, onClose: () => void) {
    this.id = id;
    this.size = file.size;
    this.#file = file;
    this.#facts = file;
    this.#onClose = onClose;
  }

  get mtimeMs(): number {
    return this.#file.mtimeMs;
  }

  get handle(): FileHandle {
    return this.#file.handle;
  }

  /** False when the last user has left already: then it is closed, and another one must be opened. */
  use(): boolean {
    if (this.#closed) return false;
    this.#users += 1;
    return true;
  }

  /** Each `use` is left once. */
  leave(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#closed = true;
    this.#onClose();
    // Closing a file that was only read loses nothing, whatever it answers.
    this.#file.handle.close().catch(() => undefined);
  }

  async readInto(target: Buffer, position: number): Promise<void> {
    if (!this.use()) throw new TypeError('a file was read after its last user had left');
    try {
      await this.#readInto(target, position);
    } finally {
      this.leave();
    }
  }

  async #readInto(target: Buffer, position: number): Promise<void> {
    const { handle } = this.#file;
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) throw changed();
      done += bytesRead;
    }
    await this.check();
  }

  async check(): Promise<void> {
    // After the read: a write sets the times before it changes a byte, so what was read before that is whole.
    const now = factsOf(await this.#file.handle.stat({ bigint: true }));
    if (!hasSameContent(this.#facts, now)) throw changed();
    this.#facts = now;
  }
}

function changed(): Failure {
  return new Failure('unavailable', 'the file was changed while it was being delivered', {
    remedy: 'replace files by renaming a new one over them, never write to them in place',
  });
}
