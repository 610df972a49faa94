/**
 * The name in a request as a relative path of plain segments, or undefined when it may not name anything: empty, over
 * 255 bytes, a drive letter, `..`, control characters or bytes over 0x7e inside.
 *
 * Old ROMs send garbage behind the name, mostly 0xff, where they take an option that is not NUL-terminated for text: it
 * is cut off (a line break is not: no ROM sends one). Windows' PXE client separates with `\`. Leading slashes, empty
 * segments and `.` mean nothing.
 */
export function cleanFileName(raw: string): string | undefined {
  const name = raw.slice(0, textEnd(raw)).replaceAll('\\', '/');
  if (name.length > 255 || /[^\x20-\x7e]/.test(name)) return undefined;
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.length === 0 || segments.includes('..')) return undefined;
  return /^[A-Za-z]:/.test(segments[0] ?? '') ? undefined : segments.join('/');
}

/** Where the garbage begins. A loop and not `/[...]+$/`: that takes quadratic time on a long run in the middle. */
function textEnd(raw: string): number {
  let end = raw.length;
  while (end > 0 && isGarbage(raw.charCodeAt(end - 1))) end -= 1;
  return end;
}

function isGarbage(code: number): boolean {
  return code >= 0x7f || (code < 0x20 && code !== 0x0a && code !== 0x0d);
}
