import { Failure } from '../model/failure.ts';

/**
 * Checks a path below a root by its letters alone: `a/b.txt`, never absolute, no empty, `.` or `..` segment, no NUL, no
 * backslash (some firmware uses it as a separator: a door that wants that translates it first). Throws `refused`.
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
