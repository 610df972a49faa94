import { malformed } from './packets.ts';

const BLOCK = /-----BEGIN PGP ([A-Z ]{1,40})-----\r?\n([\s\S]*?)-----END PGP \1-----/g;
const BEGIN = /-----BEGIN PGP ([A-Z ]{1,40})-----/g;
const CLEARTEXT = '-----BEGIN PGP SIGNED MESSAGE-----';
const SIGNATURE = '-----BEGIN PGP SIGNATURE-----';

/** True for ASCII armour; anything else is taken as binary. */
export function isArmored(bytes: Buffer): boolean {
  return bytes.subarray(0, 512).toString('latin1').trimStart().startsWith('-----BEGIN PGP ');
}

/**
 * The binary content of every armoured block of one kind ("SIGNATURE", "PUBLIC KEY BLOCK"), or the bytes themselves
 * when they are not armoured. The CRC is not looked at (RFC 9580, 6.1: it protects nothing that a signature does not).
 * Throws Failure `invalid` when there is no such block, or when a block of another kind is there: an inline-signed
 * message offered as a detached signature is not one (CVE-2025-47934 was a verifier that confused the two).
 */
export function dearmor(bytes: Buffer, kind: 'SIGNATURE' | 'PUBLIC KEY BLOCK'): Buffer {
  if (!isArmored(bytes)) return bytes;
  const text = bytes.toString('latin1');
  const stranger = [...text.matchAll(BEGIN)].find(([, label]) => label !== kind);
  if (stranger !== undefined) throw malformed(`a PGP ${stranger[1] ?? ''} where a PGP ${kind} belongs`);
  const parts = [...text.matchAll(BLOCK)].map(([, , body]) => decode(body ?? ''));
  if (parts.length === 0) throw malformed(`no complete PGP ${kind}`);
  return Buffer.concat(parts);
}

function decode(body: string): Buffer {
  // Header lines ("Version: ...") end with an empty line; there may be none but the empty line is always there.
  const lines = body.split(/\r?\n/);
  const empty = lines.findIndex((line) => line.trim() === '');
  if (empty < 0 || lines.slice(0, empty).some((line) => !/^[A-Za-z]+: /.test(line))) throw malformed('armour headers');
  const data = lines
    .slice(empty + 1)
    .filter((line) => !/^=[A-Za-z0-9+/]{4}$/.test(line))
    .join('')
    .trim();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data)) throw malformed('armour that is not base64');
  return Buffer.from(data, 'base64');
}

/** A text and the signatures over it. */
export interface Cleartext {
  /** What was signed, for reading: lines end with LF. Nothing outside of the signed part is in it. */
  readonly text: string;
  /** What was signed, for hashing: CRLF between lines, none after the last, no white space at line ends. */
  readonly canonical: Buffer;
  readonly signatures: Buffer;
}

/** Reads a cleartext-signed message (RFC 9580, section 7). Text before or after it is refused. Throws Failure `invalid`. */
export function readCleartext(bytes: Buffer): Cleartext {
  const message = bytes.toString('utf8');
  const lines = message.split(/\r?\n/);
  if (lines[0] !== CLEARTEXT) throw malformed('not a cleartext-signed message');
  const blank = lines.indexOf('');
  const end = lines.indexOf(SIGNATURE);
  if (blank < 0 || end < blank || lines.slice(1, blank).some((line) => !/^Hash: [A-Za-z0-9, -]+$/.test(line)))
    throw malformed('cleartext headers');
  const content = lines.slice(blank + 1, end).map(unescapeLine);
  const tail = lines.slice(end).join('\n');
  if (
    !/^-----BEGIN PGP SIGNATURE-----\n[\s\S]*\n-----END PGP SIGNATURE-----\s*$/.test(tail) ||
    tail.split(SIGNATURE).length > 2
  )
    throw malformed('text after a cleartext signature');
  return {
    text: content.map((line) => `${line}\n`).join(''),
    canonical: Buffer.from(content.join('\r\n'), 'utf8'),
    signatures: dearmor(Buffer.from(tail, 'latin1'), 'SIGNATURE'),
  };
}

function unescapeLine(line: string): string {
  if (line.startsWith('- ')) return trimEnd(line.slice(2));
  if (line.startsWith('-')) throw malformed('a line that begins with "-" inside a cleartext message');
  return trimEnd(line);
}

// Space, tab and CR only: other white space is part of what was signed. No regular expression: /[ \t]+$/ takes
// quadratic time on a long line of blanks.
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && ' \t\r'.includes(line.charAt(end - 1))) end -= 1;
  return line.slice(0, end);
}
