import type { FileDiagnostic } from '../model/failure.ts';
import { NAME_RULE, parseName } from '../model/profile.ts';
import { Diagnostics } from '../text/diagnostics.ts';
import type { SourceDocument, SshKey } from './snapshot.ts';

const TEMPLATE = '.hbs';
const KEY = '.pub';

/** A file of configs/: its bytes, whatever they are. What they mean is the inspector's business. */
export function readDocument(file: string, bytes: Buffer, mtimeMs: number): Reading<SourceDocument> {
  const fileName = file.slice(file.indexOf('/') + 1);
  const template = fileName.endsWith(TEMPLATE);
  const name = template ? fileName.slice(0, -TEMPLATE.length) : fileName;
  if (parseName(name) === undefined) return { problems: [unnameable(file, 'document')] };
  return { thing: { fileName, name, file, template, bytes, mtimeMs }, problems: [] };
}

/** A file of sshkeys/. Its text goes into boot scripts, on the kernel's line and between double quotes. */
export function readKey(file: string, bytes: Buffer): Reading<SshKey> {
  const fileName = file.slice(file.indexOf('/') + 1);
  const name = parseName(fileName.slice(0, -KEY.length));
  if (name === undefined) return { problems: [unnameable(file, 'key')] };
  const whole = bytes.toString('utf8');
  const text = whole.trim();
  const diagnostics = new Diagnostics(whole, file);
  const start = text === '' ? 0 : whole.indexOf(text);
  for (const [sign, message, remedy] of KEY_FAULTS) {
    const found = sign.exec(text);
    if (found === null) continue;
    diagnostics.error(message, { offset: start + found.index, remedy });
    return { problems: diagnostics.all };
  }
  if (!isPublicKey(text)) {
    const remedy = 'put the .pub file of a key pair there, as ssh-keygen writes it';
    diagnostics.warn('is not an SSH public key: a machine that gets it lets no one in by it', {
      offset: start,
      remedy,
    });
  }
  return { thing: { name, file, text }, problems: diagnostics.all };
}

/**
 * TYPE BLOB COMMENT, as OpenSSH writes it: the blob is base64 and begins with the type's own name once more (RFC 4253,
 * 6.6). A key that was cut, or a page that was saved in its place, gives no access.
 */
function isPublicKey(text: string): boolean {
  const [, type = '', blob = ''] =
    /(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(text) ?? [];
  const bytes = Buffer.from(blob, 'base64');
  return (
    bytes.length > 4 + type.length &&
    bytes.readUInt32BE(0) === type.length &&
    bytes.toString('latin1', 4, 4 + type.length) === type
  );
}

const ONE_LINE = 'put one public key on one line, as ssh-keygen writes it';
const COMMENT = 'change the comment at the key’s end';
const NEW_PAIR = 'replace it with the public key, and make a new pair: this one may have been served';

/** What no key may hold: the first of these is told, where it begins. */
const KEY_FAULTS: readonly (readonly [sign: RegExp, message: string, remedy: string])[] = [
  [/^$/, 'is empty', ONE_LINE],
  [/-----BEGIN|PRIVATE KEY/, 'is a private key', NEW_PAIR],
  [/(?<=[\r\n\u0085\u2028\u2029]\s*)\S/, 'holds more than one line', ONE_LINE],
  [/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\uFFFD]/u, 'holds unprintable characters', ONE_LINE],
  [/^["'\u2018-\u201F]/, 'begins with a quote', 'remove the quotes around the key'],
  [/"/, 'holds a double quote, which ends the key in the boot script', COMMENT],
  [/\$\{/, 'holds ${, which iPXE would expand', COMMENT],
  [/(?<=^|\s)#/, 'holds a word that begins with #: iPXE drops the rest of the line', COMMENT],
  [/(?<=^|\s)(?:;|&&|\|\|)(?=\s|$)/, 'holds a stand-alone ; && or ||, which ends the command in iPXE', COMMENT],
  // Followed by a quote, so it is harmless at the end of a line; but sshkey="..\" would lose its closing quote.
  [/\\$/, 'ends with a backslash', COMMENT],
];

function unnameable(file: string, what: string): FileDiagnostic {
  const remedy = `rename it: ${NAME_RULE}`;
  return { severity: 'warning', message: `is left out: this cannot be the name of a ${what}`, place: { file }, remedy };
}

/** What reading a file gave. Without `thing` the file as it is on disk cannot come into force. */
export interface Reading<T> {
  readonly thing?: T;
  readonly problems: readonly FileDiagnostic[];
  /** The machines that a file which cannot be used seems to name: ids as in claim-ids.ts. */
  readonly names?: readonly string[];
  /** What a profile's file that cannot be used says. Absent where nothing of it could be read. */
  readonly text?: string;
}

/** One file, and what is known of it. The unit of "last good version" is the file. */
export interface Slot<T> {
  /** Relative to the data directory. */
  readonly file: string;
  /** Grows with every change of any file: who changed last is to blame for a contradiction. */
  readonly changed: number;
  /** Of the file as it is on disk now. */
  readonly latest: Reading<T>;
  /** The version in force, if any. The catalog sets it after each decision; nothing else does. */
  inForce: T | undefined;
}
