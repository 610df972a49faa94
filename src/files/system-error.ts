import { Failure } from '../model/failure.ts';
import { shownPath } from './relative-path.ts';

/** Node's `code` of a system error (`ENOENT`), undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What a system call's error means to the house. The message names the path below the data directory only; the system's
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
