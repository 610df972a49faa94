import { Failure } from '../model/failure.ts';
import { type FileFacts } from './file-facts.ts';

/** An entry that cannot be read as a file: a folder, a FIFO, a link that leads nowhere or out of the root. */
export interface BrokenEntry {
  readonly name: string;
  readonly failure: Failure;
}

export interface Listing {
  /** Regular files, and links to regular files inside the root. */
  readonly names: readonly string[];
  readonly broken: readonly BrokenEntry[];
}

/** Sorts a folder's entries into what can be read as a file and what cannot. */
export async function listFolder(
  entries: readonly string[],
  folder: string,
  stat: (relative: string) => Promise<FileFacts>,
): Promise<Listing> {
  const sorted = [...entries].sort((a, b) => (a < b ? -1 : 1));
  const results = await Promise.all(sorted.map(async (name) => ({ name, failure: await failureOf(folder, name) })));
  return {
    names: results.filter((result) => result.failure === undefined).map((result) => result.name),
    broken: results.flatMap(({ name, failure }) => (failure === undefined ? [] : [{ name, failure }])),
  };

  async function failureOf(parent: string, name: string): Promise<Failure | undefined> {
    try {
      await stat(`${parent}/${name}`);
      return undefined;
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
  }
}
