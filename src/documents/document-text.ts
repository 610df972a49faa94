import { isUtf8 } from 'node:buffer';

/** A document's bytes as text, in the one way in which the text can be turned back into the same bytes. */
interface DocumentText {
  readonly text: string;
  readonly encoding: 'utf8' | 'latin1';
}

/**
 * What is not UTF-8 is read byte by byte: decoding it as UTF-8 would turn each such byte into U+FFFD for good. What we
 * put into a text is ASCII, so it fits into either.
 */
export function documentText(bytes: Buffer): DocumentText {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  return { text: bytes.toString(encoding), encoding };
}

/** The lines that are not UTF-8, 1-based. No character of several bytes has a line break in it (RFC 3629). */
export function linesNotUtf8(bytes: Buffer): readonly { readonly line: number; readonly bytes: Buffer }[] {
  if (isUtf8(bytes)) return [];
  const found: { line: number; bytes: Buffer }[] = [];
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const end = bytes.indexOf(10, start);
    const part = bytes.subarray(start, end === -1 ? undefined : end);
    if (!isUtf8(part)) found.push({ line, bytes: part });
    start = end === -1 ? bytes.length : end + 1;
  }
  return found;
}

/** gzip (RFC 1952): coreos-cloudinit and cloud-init unpack such user-data. */
export function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
