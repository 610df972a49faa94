import { createHash } from 'node:crypto';
import type { DataRoot } from '../files/data-root.ts';
import { createPrivateFile } from '../files/private-file.ts';
import { removeFile } from '../files/publish.ts';
import { Failure, unlessFailed } from '../model/failure.ts';
import { catalogFileAt } from './catalog-file.ts';

/** Versions that are kept of each file. */
export const MOST_VERSIONS = 10;
const FOLDER = 'state/history';
const ID = /^\d{13,16}-[0-9a-f]{12}$/;
/** The first line of a kept version: who and when, as JSON. */
const MAX_HEAD = 1024;

/** What a file held before an operator changed it. */
export interface KeptVersion {
  readonly id: string;
  /** When it was replaced or removed. */
  readonly at: number;
  /** By whom. */
  readonly who: string;
}

/**
 * Keeps what a file holds before an operator changes it, readable for the server's user alone, and lets go of the oldest.
 * The same bytes in a row are kept once. Throws Failure as DataRoot does.
 */
export async function keepVersion(files: DataRoot, file: string, bytes: Buffer, by: Omit<KeptVersion, 'id'>) {
  const folder = folderOf(file);
  const [newest] = await idsOf(files, file);
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  if (newest?.endsWith(`-${digest}`) === true) return;
  // Also where the clock was put back: the order is that of the changes.
  const at = Math.max(by.at, Number(newest?.split('-', 1).join('') ?? 0) + 1);
  const head = Buffer.from(`${JSON.stringify({ at: by.at, who: by.who.slice(0, 200) })}\n`);
  await createPrivateFile(files, `${folder}/${at}-${digest}`, Buffer.concat([head, bytes]));
  for (const id of (await idsOf(files, file)).slice(MOST_VERSIONS)) await removeFile(files, `${folder}/${id}`);
}

/** The kept versions of a file, newest first; a damaged one is left out. */
export async function listVersions(files: DataRoot, file: string): Promise<readonly KeptVersion[]> {
  const found = await Promise.all(
    (await idsOf(files, file)).map(async (id) => {
      const opened = await unlessFailed(files.open(`${folderOf(file)}/${id}`));
      if (opened === undefined) return undefined;
      try {
        const { buffer, bytesRead } = await opened.handle.read(Buffer.alloc(MAX_HEAD), 0, MAX_HEAD, 0);
        return headOf(id, buffer.subarray(0, bytesRead))?.version;
      } finally {
        await opened.handle.close();
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** One kept version with its bytes. Throws Failure `not-found`. */
export async function readVersion(
  files: DataRoot,
  { file, maxBytes }: { readonly file: string; readonly maxBytes: number },
  id: string,
): Promise<KeptVersion & { readonly bytes: Buffer }> {
  const kept = ID.test(id) ? await files.readIfThere(`${folderOf(file)}/${id}`, maxBytes + MAX_HEAD) : undefined;
  const head = kept && headOf(id, kept);
  if (kept === undefined || head === undefined) {
    throw new Failure('not-found', `there is no such version of ${file}`, {
      remedy: `the last ${MOST_VERSIONS} of each file are kept`,
    });
  }
  return { ...head.version, bytes: kept.subarray(head.length) };
}

/** Every file of which versions are kept, also those that are gone. */
export async function filesWithVersions(files: DataRoot): Promise<readonly string[]> {
  // They are folders: what cannot be read as a file.
  const listing = await unlessFailed(files.list(FOLDER), 'not-found');
  return (listing?.broken ?? []).flatMap(({ name }) => catalogFileAt(name.replaceAll('~', '/'))?.file ?? []);
}

/** No name has a tilde. */
function folderOf(file: string): string {
  return `${FOLDER}/${file.replaceAll('/', '~')}`;
}

async function idsOf(files: DataRoot, file: string): Promise<readonly string[]> {
  const listing = await unlessFailed(files.list(folderOf(file)), 'not-found');
  return (listing?.names ?? []).filter((name) => ID.test(name)).toSorted((a, b) => (a < b ? 1 : -1));
}

function headOf(id: string, bytes: Buffer): { readonly version: KeptVersion; readonly length: number } | undefined {
  const end = bytes.subarray(0, MAX_HEAD).indexOf(10);
  if (end === -1) return undefined;
  try {
    const { at, who } = JSON.parse(bytes.toString('utf8', 0, end)) as { readonly at?: unknown; readonly who?: unknown };
    if (typeof at !== 'number' || typeof who !== 'string') return undefined;
    return { version: { id, at, who }, length: end + 1 };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
