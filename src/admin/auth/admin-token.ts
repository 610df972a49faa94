import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DataRoot } from '../../files/data-root.ts';
import { makeFolder } from '../../files/publish.ts';
import { replaceFile } from '../../files/replace.ts';
import { Failure, failureLine } from '../../model/failure.ts';
import type { Log } from '../../model/service.ts';
import type { Settings } from '../../settings/settings.ts';

export const TOKEN_FILE = 'state/admin-token';
const MAX_BYTES = 4096;

export interface AdminToken {
  readonly token: string;
  /** It was made just now: the operator must be told how to get in. */
  readonly made: boolean;
}

/**
 * The operators' token: the setting's, else the file's, else a new one, which is put into the file (for the owner's
 * eyes only). Where the file cannot be read or written, the log says so and the token lives until the server ends:
 * machines boot all the same.
 */
export async function loadAdminToken(files: DataRoot, settings: Settings, log: Log): Promise<AdminToken> {
  if (settings.adminToken !== undefined) return { token: settings.adminToken, made: false };
  const token = randomBytes(32).toString('base64url');
  try {
    const kept = (await readToken(files, log)) ?? (await keep(files, log, token));
    return { token: kept, made: token === kept };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.error({ problem: failureLine(error) }, 'the admin token is not kept: this start made one for itself');
    return { token, made: true };
  }
}

/** Gives the token that is in the file afterwards: another process may have been faster. */
async function keep(files: DataRoot, log: Log, token: string): Promise<string> {
  await makeFolder(files, 'state');
  const confirm = async (): Promise<boolean> => (await readToken(files, log)) === undefined;
  await replaceFile(files, TOKEN_FILE, `${token}\n`, { mode: 0o600, confirm });
  return (await readToken(files, log)) ?? token;
}

/** The file's token, for programs on this host that may read it; undefined when there is none. Throws Failure. */
export async function readToken(files: DataRoot, log: Log): Promise<string | undefined> {
  const bytes = await files.read(TOKEN_FILE, MAX_BYTES).then(
    (file) => file.bytes,
    (error: unknown) => {
      if (error instanceof Failure && error.code === 'not-found') return undefined;
      throw error;
    },
  );
  if (bytes === undefined) return undefined;
  const token = bytes.toString('latin1').trim();
  if (!/^[\x21-\x7e]{16,256}$/.test(token)) {
    throw new Failure('broken', 'holds no admin token', {
      place: { file: TOKEN_FILE },
      remedy: 'remove it, and the next start makes a new one; or write at least 16 letters into it, without spaces',
    });
  }
  await warnOfReaders(files, log);
  return token;
}

async function warnOfReaders(files: DataRoot, log: Log): Promise<void> {
  const { handle } = await files.open(TOKEN_FILE);
  try {
    const mode = (await handle.stat()).mode & 0o777;
    if ((mode & 0o077) === 0) return;
    log.warn(
      { file: TOKEN_FILE, mode: mode.toString(8), remedy: `chmod 600 ${TOKEN_FILE}` },
      'others may read the admin token',
    );
  } finally {
    await handle.close();
  }
}

/** Longer than any token (the settings allow 256 letters): what is over it is wrong without being hashed. */
const MAX_LENGTH = 1024;

/**
 * Compares with the admin token. Both sides are hashed first, so that neither the length nor the first
 * wrong letter shows in the time that it takes.
 */
export function createTokenCheck(token: string): (given: string) => boolean {
  const wanted = digest(token);
  return (given) => given.length <= MAX_LENGTH && timingSafeEqual(digest(given), wanted);
}

/** Equal texts, in a time that tells nothing of them. */
export function sameText(given: string, wanted: string): boolean {
  return given.length <= MAX_LENGTH && timingSafeEqual(digest(given), digest(wanted));
}

/** `Authorization: Bearer TOKEN` (RFC 6750, 2.1; the scheme in any case: RFC 9110, 11.1). */
export function bearerOf(authorization: string): string | undefined {
  return /^bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
