import { gunzipSync } from 'node:zlib';

/** What is kept and shown of a document that a machine is sent. `shown`: it was made once more without its secrets. */
export function shownDocument(document: { readonly body: Uint8Array; readonly shown?: () => Uint8Array }): Uint8Array {
  return hidePrivateKeys(document.shown?.() ?? document.body);
}

const LEFT_OUT = ' (left out) ';

/** Documents that are files are the same bytes each time, and unpacking is the slow half. */
const HIDDEN = new WeakMap<Uint8Array, Uint8Array>();

/**
 * A document without the private keys in it: as text, also indented, with escaped line ends, percent
 * signs or cut off; in base64 at any place; in gzip, also as base64 (`write_files`, data URLs), four times over.
 * Gives the same bytes where there is none.
 */
export function hidePrivateKeys(body: Uint8Array): Uint8Array {
  const known = HIDDEN.get(body);
  if (known !== undefined) return known;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const hidden = withoutKeys(bytes, 0) ?? body;
  HIDDEN.set(body, hidden);
  return hidden;
}

const DEEPEST = 4;
/** What unpacks to more is left out unseen. */
const LARGEST = 16 * 2 ** 20;

/** Undefined where there is no key. */
function withoutKeys(bytes: Buffer, depth: number): Buffer | undefined {
  if (isGzip(bytes)) return holdsPackedKey(bytes, depth) ? Buffer.from(`${LEFT_OUT}\n`) : undefined;
  if (!MARKS.some((mark) => bytes.includes(mark))) return undefined;
  // Byte by byte: what is not UTF-8 stays as it is.
  const text = bytes.toString('latin1');
  const hidden = text
    .replaceAll(AS_TEXT, (_whole, begin: string) => `${begin}${LEFT_OUT}`)
    .replaceAll(AS_URL, (_whole, begin: string) => `${begin}${LEFT_OUT}`)
    .replaceAll(BASE64, (run) => (holdsKey(run, depth) ? `${run.slice(0, SHOWN)}${LEFT_OUT}` : run));
  return hidden === text ? undefined : Buffer.from(hidden, 'latin1');
}

function holdsKey(base64: string, depth: number): boolean {
  const run = base64.replaceAll(/\s|\\n/g, '');
  if (IN_BASE64.some((mark) => run.includes(mark))) return true;
  return depth >= DEEPEST
    ? isGzip(Buffer.from(run.slice(0, 8), 'base64'))
    : withoutKeys(Buffer.from(run, 'base64'), depth + 1) !== undefined;
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function holdsPackedKey(bytes: Buffer, depth: number): boolean {
  if (depth >= DEEPEST) return true;
  try {
    return withoutKeys(gunzipSync(bytes, { maxOutputLength: LARGEST }), depth + 1) !== undefined;
  } catch {
    // Damaged, cut off, or more than is looked at: others may unpack the half of it.
    return true;
  }
}

const BEGIN = '-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----';
const AS_TEXT = new RegExp(`(${BEGIN})[\\s\\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)`, 'g');
const AS_URL = /(-----BEGIN(?:%20|\+)(?:[A-Z0-9]{1,20}(?:%20|\+)){0,3}PRIVATE(?:%20|\+)KEY)[^"'\s]*/gi;

/** `PRIVATE KEY` in base64: at each of the three places where it can begin, without what depends on its neighbours. */
const IN_BASE64 = [0, 1, 2].map((before) => {
  const encoded = Buffer.from(`${' '.repeat(before)}PRIVATE KEY`).toString('base64');
  return encoded.slice(before === 0 ? 0 : before + 1, Math.floor(((before + 11) * 4) / 3));
});
/** How gzip (1f 8b 08) begins in base64. */
const GZIP_IN_BASE64 = 'H4sI';
const MARKS = ['PRIVATE KEY', 'PRIVATE%20KEY', 'PRIVATE+KEY', ...IN_BASE64, GZIP_IN_BASE64];

/** Base64 of some length, also on lines of its own (`|` in YAML), or with escaped line ends. */
const BASE64 =
  /[A-Za-z0-9+/]{24,}(?:(?:\s+|\\n)[A-Za-z0-9+/]{24,})*(?:(?:\s+|\\n)[A-Za-z0-9+/]{1,23}(?![\w:+/.-]))?={0,2}/g;
/** Of packed data that are left out: enough to tell what they were. */
const SHOWN = 12;
