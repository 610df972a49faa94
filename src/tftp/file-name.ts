import type { TftpOption } from './packet.ts';

const LF = 0x0a;
const CR = 0x0d;

/** RFC 764 as RFC 1350 uses it: a line end is CR LF, a lone CR is CR NUL. Every byte stands for itself: no state. */
export function toNetascii(bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(bytes.length * 2);
  let at = 0;
  for (const byte of bytes) {
    if (byte === LF) {
      out[at] = CR;
      out[at + 1] = LF;
      at += 2;
    } else if (byte === CR) {
      out[at] = CR;
      out[at + 1] = 0;
      at += 2;
    } else {
      out[at] = byte;
      at += 1;
    }
  }
  return out.subarray(0, at);
}

/**
 * iPXE asks for `blksize 1432` and then `tsize 0`, in this order and nothing else (its code is unchanged since 2013);
 * firmware differs: OVMF sends `tsize 0, blksize 1468, windowsize 4`.
 */
export function isIpxeRequest(options: readonly TftpOption[]): boolean {
  const [first, second] = options;
  return (
    options.length === 2 &&
    first?.name.toLowerCase() === 'blksize' &&
    first.value === '1432' &&
    second?.name.toLowerCase() === 'tsize' &&
    second.value === '0'
  );
}

const NBP = /^(?:undionly|ipxe|snponly|snp|intel|realtek)(?:[-_][a-z0-9]+)*\.(?:kkpxe|kkkpxe|kpxe|pxe|efi)(?:\.0)?$/;

/** A boot program that is iPXE itself, under the names that its builds and distributions give it. */
export function isIpxeProgram(name: string): boolean {
  return NBP.test(name.slice(name.lastIndexOf('/') + 1).toLowerCase());
}

/**
 * True when iPXE asks for the program that it already is: a DHCP server that can only name one file sends it there, and
 * the binary would load itself for ever. It gets the boot script instead. A network card's ROM that happens to ask in
 * the same way would be misled; none is known, and a setting turns this off.
 */
export function wantsScriptInsteadOf(name: string, options: readonly TftpOption[]): boolean {
  return isIpxeRequest(options) && isIpxeProgram(name);
}

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
