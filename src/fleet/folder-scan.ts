import { catalogFileAt, FILE_KINDS, FOLDERS } from '../catalog/catalog-file.ts';
import { inBatches } from '../catalog/folder-reader.ts';
import { type DataRoot, identityOf, settledIdentity } from '../files/data-root.ts';
import { asFailure, Failure, unlessFailed } from '../model/failure.ts';
import { digestOf } from './blobs.ts';
import type { FileTree } from './catalog-store.ts';

interface Seen {
  readonly identity: string | undefined;
  readonly digest: string;
}

/** The catalog's files on this server's disk, each with its digest; what did not change is not read again. */
export class FolderScan {
  readonly #files: DataRoot;
  readonly #now: () => number;
  #seen = new Map<string, Seen>();

  constructor(files: DataRoot, now: () => number) {
    this.#files = files;
    this.#now = now;
  }

  /**
   * Throws Failure where a folder cannot be read now: what is not seen is not gone. A folder that is not there is empty.
   * A file that cannot be read, or is too large, counts as it was in `before`. Names that the catalog does not read are
   * left out.
   */
  async files(before: FileTree): Promise<FileTree> {
    const seen = new Map<string, Seen>();
    const tree = new Map<string, string>();
    const paths: string[] = [];
    for (const folder of FOLDERS) paths.push(...(await this.#names(folder, true)));
    await inBatches(paths, async (path) => {
      const found = await this.#look(path);
      const digest = found instanceof Failure ? before.get(path) : found?.digest;
      if (digest !== undefined) tree.set(path, digest);
      if (found !== undefined && !(found instanceof Failure)) seen.set(path, found);
    });
    this.#seen = seen;
    return tree;
  }

  async #names(folder: string, isTop: boolean): Promise<readonly string[]> {
    const listing = await this.#files.list(folder).catch(asFailure);
    if (listing instanceof Failure) {
      if (listing.code === 'not-found' && isTop) return [];
      throw listing;
    }
    const names = listing.names.map((name) => `${folder}/${name}`);
    const inside = isTop ? listing.broken.filter(({ failure }) => failure.code === 'refused') : [];
    for (const { name } of inside) {
      const path = `${folder}/${name}`;
      if (name.startsWith('.') || (await unlessFailed(this.#files.list(path))) === undefined) continue;
      names.push(...(await this.#names(path, false)));
    }
    return names.filter((path) => catalogFileAt(path) !== undefined);
  }

  /** Undefined for what is gone. */
  async #look(path: string): Promise<Seen | Failure | undefined> {
    const known = this.#seen.get(path);
    if (known?.identity !== undefined) {
      const facts = await unlessFailed(this.#files.stat(path), 'not-found');
      if (facts !== undefined && identityOf(facts) === known.identity) return known;
    }
    const now = this.#now();
    const kind = catalogFileAt(path);
    const content = await this.#files.read(path, kind?.maxBytes ?? FILE_KINDS.configs.maxBytes).catch(asFailure);
    if (!(content instanceof Failure)) {
      return { identity: settledIdentity(content, now), digest: digestOf(content.bytes) };
    }
    return content.code === 'not-found' ? undefined : content;
  }
}
