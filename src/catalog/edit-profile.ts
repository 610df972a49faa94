import { createHash } from 'node:crypto';
import type { DataRoot } from '../files/data-root.ts';
import { editFile } from '../files/edit-file.ts';
import { Failure, type Problem, problemFailure } from '../model/failure.ts';
import { MAX_PROFILE_BYTES } from '../model/profile.ts';
import { readJson } from './json-text.ts';

/** What would be wrong with these bytes if they were the file. */
export type Judge = (bytes: Buffer) => Promise<readonly Problem[]>;

const BOM = '\uFEFF';

/**
 * Changes the text of a profile: read, change, judge, replace in one step. What the operator saves meanwhile stays: the
 * change is made again on top of it. `change` gives the same text for nothing to do. Throws Failure `broken` for a file
 * that is not JSON, `invalid` for a change that would not come into force, `conflict` when others save faster than
 * we write, and what DataRoot throws.
 */
export async function editProfile(
  files: DataRoot,
  file: string,
  change: (text: string) => string,
  judge: Judge,
): Promise<'written' | 'same'> {
  const done = await editFile(files, file, {
    maxBytes: MAX_PROFILE_BYTES,
    async change(bytes) {
      if (bytes === undefined) throw new Failure('not-found', `${file} does not exist`);
      const edited = changed(bytes, file, change);
      if (!edited.equals(bytes)) await refuseBroken(edited, file, judge);
      return edited;
    },
  });
  if (done !== 'busy') return done;
  throw new Failure('conflict', 'was saved by another program each time it was to be written', {
    place: { file },
    remedy: 'try again when the file is not being edited',
  });
}

function changed(bytes: Buffer, file: string, change: (text: string) => string): Buffer {
  const broken = readJson(bytes, file).problems.find(({ severity }) => severity === 'error');
  if (broken !== undefined) throw problemFailure(broken);
  // It is UTF-8 or there would be a problem: decoding and encoding give the same bytes.
  const text = bytes.toString('utf8');
  const mark = text.startsWith(BOM) ? BOM : '';
  try {
    return Buffer.from(mark + change(text.slice(mark.length)));
  } catch (error) {
    if (!(error instanceof Failure) || error.place !== undefined) throw error;
    const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
    throw new Failure(error.code, error.message, { place: { file }, ...remedy, cause: error });
  }
}

async function refuseBroken(bytes: Buffer, file: string, judge: Judge): Promise<void> {
  if (bytes.length > MAX_PROFILE_BYTES) throw tooLarge(file);
  const wrong = (await judge(bytes)).find(({ severity }) => severity === 'error');
  if (wrong === undefined) return;
  const { code, message, place, remedy } = problemFailure({ ...wrong, message: `it would not do: ${wrong.message}` });
  throw new Failure(code === 'broken' ? 'invalid' : code, message, {
    place,
    remedy,
  });
}

/**
 * Writes a whole profile, if it is still the one that the change began with (`revision`), or not there (undefined).
 * Nothing is judged here. Throws Failure `conflict` when another save was faster, `too-large`, and what DataRoot throws.
 */
export async function saveProfile(
  files: DataRoot,
  file: string,
  bytes: Buffer,
  revision: string | undefined,
): Promise<void> {
  if (bytes.length > MAX_PROFILE_BYTES) throw tooLarge(file);
  const message =
    revision === undefined
      ? 'is there already'
      : 'was changed by another person or program since it was opened, or is gone';
  const done = await editFile(files, file, {
    maxBytes: MAX_PROFILE_BYTES,
    change(there) {
      const now = there === undefined ? undefined : revisionOf(there);
      if (now === revision) return Promise.resolve(bytes);
      const remedy = 'open it again and make the change once more';
      return Promise.reject(new Failure('conflict', message, { place: { file }, remedy }));
    },
  });
  if (done === 'busy') throw new Failure('conflict', message, { place: { file }, remedy: 'open it again' });
}

/** The bytes of a profile; undefined when there is no such file. */
export async function readIfThere(files: DataRoot, file: string): Promise<Buffer | undefined> {
  return await files.readIfThere(file, MAX_PROFILE_BYTES);
}

function tooLarge(file: string): Failure {
  return new Failure('too-large', `would be larger than ${MAX_PROFILE_BYTES / 2 ** 20} MiB`, {
    place: { file },
    remedy: 'split it',
  });
}

/** Names the bytes of a file: who changes it says on top of which (SHA-256, hex). */
export function revisionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
