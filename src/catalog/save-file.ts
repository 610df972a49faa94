import { createHash } from 'node:crypto';
import { sep } from 'node:path';
import type { DataRoot } from '../files/data-root.ts';
import { editFile } from '../files/edit-file.ts';
import { Failure, unlessFailed } from '../model/failure.ts';
import { bytesText } from '../model/text.ts';
import type { CatalogFile } from './catalog-file.ts';

/**
 * Writes a whole file, if it is still the one that the change began with (`revision`), or not there (undefined); removes
 * it where `bytes` is undefined. Nothing is judged here. Throws Failure `conflict` when others were faster, `too-large`,
 * and what DataRoot throws.
 */
export async function saveFile(
  files: DataRoot,
  { file, maxBytes }: Pick<CatalogFile, 'file' | 'maxBytes'>,
  bytes: Buffer | undefined,
  revision: string | undefined,
): Promise<void> {
  refuseTooLarge({ file, maxBytes }, bytes);
  const message =
    revision === undefined
      ? 'is there already'
      : 'was changed by another person or program since it was opened, or is gone';
  const done = await editFile(files, file, {
    maxBytes,
    change(there) {
      const now = there === undefined ? undefined : revisionOf(there);
      if (now === revision) return Promise.resolve(bytes ?? 'remove');
      const remedy = 'open it again and make the change once more';
      return Promise.reject(new Failure('conflict', message, { place: { file }, remedy }));
    },
  });
  if (done === 'busy') throw new Failure('conflict', message, { place: { file }, remedy: 'open it again' });
}

/** Throws Failure `too-large` for what would not be read any more: before it is parsed or compared, too. */
export function refuseTooLarge({ file, maxBytes }: Pick<CatalogFile, 'file' | 'maxBytes'>, bytes?: Buffer): void {
  if (bytes === undefined || bytes.length <= maxBytes) return;
  const message = `would be larger than ${bytesText(maxBytes)}`;
  throw new Failure('too-large', message, { place: { file }, remedy: 'split it' });
}

/** Where links of these folders may not lead for operators: what only the server itself reads. */
const HIDDEN = ['secrets', 'state'];

/** The bytes of one of these files; undefined when there is no such file. Throws Failure as DataRoot does. */
export async function readIfThere(
  files: DataRoot,
  { file, maxBytes }: Pick<CatalogFile, 'file' | 'maxBytes'>,
): Promise<Buffer | undefined> {
  const target = await unlessFailed(files.real(file), 'not-found');
  if (target === undefined) return undefined;
  for (const folder of HIDDEN) {
    const hidden = await unlessFailed(files.real(folder), 'not-found');
    if (hidden === undefined || !target.startsWith(`${hidden}${sep}`)) continue;
    throw new Failure('refused', `is a link into ${folder}/, which is not shown`, { place: { file } });
  }
  return await files.readIfThere(file, maxBytes);
}

/** Names the bytes of a file: who changes it says on top of which (SHA-256, hex). */
export function revisionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
