import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { Failure } from '../model/failure.ts';

/** An ed25519 key of an SSH server, as OpenSSH keeps it. */
export interface HostKey {
  /** The private key's file: PEM lines, the last one ended. */
  readonly privateKey: string;
  /** One line without its end: `ssh-ed25519 AAAA... NODE`. */
  readonly publicKey: string;
}

const TYPE = 'ssh-ed25519';
const MAGIC = Buffer.from('openssh-key-v1\0');
const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const END = '-----END OPENSSH PRIVATE KEY-----';
const LINE = 70;
const BLOCK = 8;
const SEED_BYTES = 32;

/** RFC 8410 7: what stands before the 32 bytes of an ed25519 key in PKCS #8. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A new key. `seed` (32 bytes) makes the same key again; without it, it is of chance. */
export function makeHostKey(comment: string, seed: Buffer = randomBytes(SEED_BYTES)): HostKey {
  const point = pointOf(seed);
  return { privateKey: privateText(seed, point, comment), publicKey: publicText(point, comment) };
}

/**
 * Reads a private key's file, also one that `ssh-keygen -t ed25519 -N ""` wrote, and gives it back as it is. Throws
 * Failure `broken` for anything else: another kind of key, a passphrase, a public half that is not the private one's.
 */
export function readHostKey(text: string): HostKey {
  const lines = text.trim().split(/\r?\n/);
  if (lines[0] !== BEGIN || lines.at(-1) !== END) throw broken('it is no OpenSSH private key');
  const body = lines.slice(1, -1).join('');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) throw broken('it is no OpenSSH private key');
  const { seed, point, comment } = unpack(Buffer.from(body, 'base64'));
  if (!pointOf(seed).equals(point)) throw broken('its public half belongs to another key');
  return { privateKey: `${lines.join('\n')}\n`, publicKey: publicText(point, comment) };
}

/** Type and key of a public key's line, without its comment. */
export function publicPart(line: string): string {
  return line.trim().split(/\s+/, 2).join(' ');
}

// OpenSSH's PROTOCOL.key: the public key in clear, then the private part with a number twice (which tells whether a
// passphrase was right; there is none, so it needs no chance) and padding 1, 2, 3 ... to the cipher's block.
function privateText(seed: Buffer, point: Buffer, comment: string): string {
  const secret = Buffer.concat([
    sshNumber(0),
    sshNumber(0),
    sshString(TYPE),
    sshString(point),
    sshString(Buffer.concat([seed, point])),
    sshString(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: -secret.length & (BLOCK - 1) }, (_, i) => i + 1));
  const blob = Buffer.concat([
    MAGIC,
    ...['none', 'none', ''].map(sshString),
    sshNumber(1),
    sshString(publicBlob(point)),
    sshString(Buffer.concat([secret, padding])),
  ]);
  const lines = blob.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return `${[BEGIN, ...lines, END].join('\n')}\n`;
}

function unpack(blob: Buffer): { seed: Buffer; point: Buffer; comment: string } {
  const outer = sshReader(blob);
  if (outer.bytes(MAGIC.length)?.equals(MAGIC) !== true) throw broken('it is no OpenSSH private key');
  const [cipher, kdf] = [outer.string()?.toString(), outer.string()?.toString()];
  outer.string();
  if (cipher !== 'none' || kdf !== 'none') throw broken('it has a passphrase');
  if (outer.number() !== 1) throw broken('it holds more than one key');
  const named = outer.string();
  const inner = sshReader(outer.string() ?? Buffer.alloc(0));
  const same = inner.number() === inner.number();
  if (inner.string()?.toString() !== TYPE) throw broken('it is no ed25519 key');
  const point = inner.string();
  const pair = inner.string();
  const comment = inner.string()?.toString();
  if (!same || point?.length !== SEED_BYTES || pair?.length !== 2 * SEED_BYTES || comment === undefined) {
    throw broken('it is cut short or damaged');
  }
  const seed = pair.subarray(0, SEED_BYTES);
  if (!pair.subarray(SEED_BYTES).equals(point) || named?.equals(publicBlob(point)) !== true) {
    throw broken('its public half belongs to another key');
  }
  return { seed, point, comment };
}

/** The public half of a seed. */
function pointOf(seed: Buffer): Buffer {
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  return createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES);
}

// RFC 8709 4.
function publicBlob(point: Buffer): Buffer {
  return Buffer.concat([sshString(TYPE), sshString(point)]);
}

function publicText(point: Buffer, comment: string): string {
  const shown = comment.replaceAll(/[^\x20-\x7e]/g, '?').trim();
  return `${TYPE} ${publicBlob(point).toString('base64')}${shown === '' ? '' : ` ${shown}`}`;
}

function broken(message: string): Failure {
  return new Failure('broken', message);
}

/** A string as SSH writes it: its length in four bytes, then its bytes (RFC 4251 5). */
export function sshString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A number of four bytes (RFC 4251 5). */
export function sshNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Reads what SSH wrote, one value after the other. Every method gives undefined when too little is left. */
interface SshReader {
  bytes(count: number): Buffer | undefined;
  number(): number | undefined;
  string(): Buffer | undefined;
  rest(): Buffer;
}

export function sshReader(source: Buffer): SshReader {
  let at = 0;
  function bytes(count: number): Buffer | undefined {
    if (at + count > source.length) return undefined;
    at += count;
    return source.subarray(at - count, at);
  }
  const number = (): number | undefined => bytes(4)?.readUInt32BE();
  return {
    bytes,
    number,
    string() {
      const length = number();
      return length === undefined ? undefined : bytes(length);
    },
    rest: () => source.subarray(at),
  };
}
