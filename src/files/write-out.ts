import { Failure } from '../model/failure.ts';
import { placeFile } from './place-file.ts';
import { errnoOf, systemFailure } from './system-error.ts';

export interface WriteOut {
  /** Replace what is there. */
  readonly force: boolean;
  /** Permissions of the file. */
  readonly mode: number;
}

/**
 * Writes a file where a person said, anywhere on the host: whole or not at all. Never for paths that a request or a
 * profile names. Throws `conflict` when something is there already and nobody forces it.
 */
export async function writeOut(path: string, content: string | Uint8Array, { force, mode }: WriteOut): Promise<void> {
  let placed: 'placed' | 'exists';
  try {
    placed = await placeFile(path, content, { mode, replace: force });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      throw new Failure('not-found', `${path} cannot be written: its folder does not exist`, { cause: error });
    }
    if (errnoOf(error) === 'EISDIR') throw new Failure('conflict', `${path} is a folder`, { cause: error });
    throw systemFailure(error, path);
  }
  if (placed === 'exists') {
    throw new Failure('conflict', `${path} exists already`, { remedy: 'choose another name, or add --force' });
  }
}
