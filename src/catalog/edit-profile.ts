import { Failure } from '../domain/failure.ts';
import { problemFailure, type Problem } from '../domain/problem.ts';
import type { DataRoot } from '../files/data-root.ts';
import { replaceFile } from '../files/replace.ts';
import { readJson } from './json-text.ts';
import { revisionOf } from './revision.ts';

/** What would be wrong with these bytes if they were the file. */
export type Judge = (bytes: Buffer) => Promise<readonly Problem[]>;

const ATTEMPTS = 5;
/** No larger one is read. */
export const MAX_PROFILE_BYTES = 1024 * 1024;
const BOM = '\uFEFF';

/**
 * Changes the text of a profile: read, change, judge, replace in one step. What the operator saves meanwhile stays: the
 * change is made again on top of it. `change` gives the same text for nothing to do. Throws Failure `broken` for a file
 * that is not JSON, `invalid` for a change that would not come into force, `conflict` when somebody saves faster than
 * we write, and what DataRoot throws.
 */
export async function editProfile(
  files: DataRoot,
  file: string,
  change: (text: string) => string,
  judge: Judge,
): Promise<'written' | 'same'> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { bytes } = await files.read(file, MAX_PROFILE_BYTES);
    const edited = changed(bytes, file, change);
    if (edited.equals(bytes)) return 'same';
    await refuseBroken(edited, file, judge);
    const confirm = async (): Promise<boolean> => (await files.read(file, MAX_PROFILE_BYTES)).bytes.equals(bytes);
    if ((await replaceFile(files, file, edited, { confirm })) === 'replaced') return 'written';
  }
  throw new Failure('conflict', 'was saved by somebody else each time it was to be written', {
    place: { file },
    remedy: 'try again when nobody edits the file',
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
    ...(place === undefined ? {} : { place }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/**
 * Writes a whole profile, if it is still the one that the change began with (`revision`), or not there (undefined).
 * Nothing is judged here. Throws Failure `conflict` when somebody was faster, `too-large`, and what DataRoot throws.
 */
export async function saveProfile(
  files: DataRoot,
  file: string,
  bytes: Buffer,
  revision: string | undefined,
): Promise<void> {
  if (bytes.length > MAX_PROFILE_BYTES) throw tooLarge(file);
  const now = async (): Promise<string | undefined> => {
    const there = await readIfThere(files, file);
    return there === undefined ? undefined : revisionOf(there);
  };
  const confirm = async (): Promise<boolean> => (await now()) === revision;
  if ((await confirm()) && (await replaceFile(files, file, bytes, { confirm })) === 'replaced') return;
  const message =
    revision === undefined ? 'is there already' : 'was changed by somebody else since it was opened, or is gone';
  throw new Failure('conflict', message, { place: { file }, remedy: 'open it again and make the change once more' });
}

/** The bytes of a profile; undefined when there is no such file. */
export async function readIfThere(files: DataRoot, file: string): Promise<Buffer | undefined> {
  try {
    return (await files.read(file, MAX_PROFILE_BYTES)).bytes;
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return undefined;
    throw error;
  }
}

function tooLarge(file: string): Failure {
  return new Failure('too-large', 'would be larger than 1 MiB', { place: { file }, remedy: 'split it' });
}
