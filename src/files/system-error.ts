import { readdir, readFile, readlink } from 'node:fs/promises';
import { Failure } from '../model/failure.ts';

/** What the host says of itself below /proc. Undefined or empty for what is not there or not for us to see. */
export interface HostFiles {
  read(path: string): Promise<string | undefined>;
  list(path: string): Promise<readonly string[]>;
  link(path: string): Promise<string | undefined>;
}

/** Never for paths that a request or a profile names: those go through a DataRoot. */
export const HOST_FILES: HostFiles = {
  read: async (path) => await readFile(path, 'utf8').catch(() => undefined),
  list: async (path) => await readdir(path).catch(() => []),
  link: async (path) => await readlink(path).catch(() => undefined),
};

/** Node's `code` of a system error (`ENOENT`), undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What a system call's error means here. The message names the path below the data directory only; the system's
 * own text, which holds the host's path, stays in `cause` for the log.
 */
export function systemFailure(error: unknown, relative: string): Failure {
  if (error instanceof Failure) return error;
  const shown = shownPath(relative);
  const details = { place: { file: shown }, cause: error };
  switch (errnoOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      return new Failure('not-found', `${shown} does not exist`, { cause: error });
    case 'ELOOP':
      return new Failure('refused', 'a link that leads back to itself', details);
    case 'ENXIO':
    case 'ENODEV':
      return new Failure('refused', 'not a regular file', details);
    case 'EACCES':
    case 'EPERM':
      return new Failure('unavailable', 'the server may not access it', {
        ...details,
        remedy: 'give the user that runs the server access to it',
      });
    case 'EROFS':
      return new Failure('unavailable', 'the file system is read-only', details);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new Failure('unavailable', 'no space left to write it', { ...details, remedy: 'free some space' });
    case 'EMFILE':
    case 'ENFILE':
      return new Failure('unavailable', 'too many open files', {
        ...details,
        remedy: 'raise the limit of open files (ulimit -n, LimitNOFILE=)',
      });
    case undefined:
    default:
      return new Failure('unavailable', `cannot be read or written (${errnoOf(error) ?? 'unknown error'})`, details);
  }
}

/**
 * Checks a path below a root by its letters alone: `a/b.txt`, never absolute, no empty, `.` or `..` segment, no NUL, no
 * backslash (some firmware uses it as a separator: a server that wants that translates it first). Throws `refused`.
 */
export function checkRelative(relative: string): void {
  const segments = relative.split('/');
  const wrong =
    relative.includes('\0') ||
    relative.includes('\\') ||
    segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  if (wrong) throw new Failure('refused', `${shownPath(relative)} is not a path below the data directory`);
}

/** A path that may have come from a request, harmless in a message: printable, at most 200 characters. */
export function shownPath(relative: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is replaced
  const clean = relative.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
  return clean.length > 200 ? `${clean.slice(0, 197)}...` : clean;
}
