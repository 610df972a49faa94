import { createHash, generateKeyPairSync, type KeyObject, sign as cryptoSign } from 'node:crypto';

// A tiny OpenPGP writer for throw-away keys: full control over what real tools refuse to make (a subkey without its
// back-signature, a signature of a revoked subkey, SHA-1), and no tool that a machine may lack.

export interface TestKey {
  readonly secret: KeyObject;
  readonly algorithm: 1 | 22;
  /** The body of the public key packet. */
  readonly body: Buffer;
  readonly fingerprint: string;
  readonly created: number;
}

export const HASH_IDS = { sha1: 2, sha256: 8, sha512: 10, sha224: 11 } as const;
export type TestHash = keyof typeof HASH_IDS;

/** Seconds since 1970 of a date. */
export function at(date: string): number {
  return Math.floor(Date.parse(date) / 1000);
}

export function makeKey(kind: 'rsa' | 'ed25519' = 'ed25519', created = at('2020-01-01')): TestKey {
  const { privateKey, publicKey } =
    kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  const algorithm = kind === 'rsa' ? 1 : 22;
  const material =
    kind === 'rsa'
      ? Buffer.concat([mpi(Buffer.from(jwk.n ?? '', 'base64url')), mpi(Buffer.from(jwk.e ?? '', 'base64url'))])
      : Buffer.concat([
          Buffer.from('092b06010401da470f01', 'hex'),
          mpi(Buffer.concat([Buffer.from([0x40]), Buffer.from(jwk.x ?? '', 'base64url')])),
        ]);
  const body = Buffer.concat([Buffer.from([4]), uint32(created), Buffer.from([algorithm]), material]);
  const fingerprint = createHash('sha1').update(hashed(body)).digest('hex').toUpperCase();
  return { secret: privateKey, algorithm, body, fingerprint, created };
}

export interface SignatureOptions {
  readonly type: number;
  readonly by: TestKey;
  readonly created: number;
  readonly data: readonly Buffer[];
  readonly hash?: TestHash;
  readonly hashedSubpackets?: readonly Buffer[];
  readonly unhashedSubpackets?: readonly Buffer[];
  /** 'fingerprint' (default), only the key id as in 2015, or nothing. */
  readonly issuer?: 'fingerprint' | 'id' | 'none';
}

/** The body of a version 4 signature packet. */
export function signatureBody(options: SignatureOptions): Buffer {
  const { by, hash = 'sha256', issuer = 'fingerprint' } = options;
  const fingerprint = Buffer.from(by.fingerprint, 'hex');
  const area = Buffer.concat([
    ...(issuer === 'fingerprint' ? [subpacket(33, Buffer.concat([Buffer.from([4]), fingerprint]))] : []),
    subpacket(2, uint32(options.created)),
    ...(options.hashedSubpackets ?? []),
  ]);
  const head = Buffer.concat([Buffer.from([4, options.type, by.algorithm, HASH_IDS[hash]]), uint16(area.length), area]);
  const digestOf = createHash(hash);
  for (const part of options.data) digestOf.update(part);
  const covered = [head, Buffer.from([4, 0xff]), uint32(head.length)];
  for (const part of covered) digestOf.update(part);
  const digest = digestOf.digest();
  const unhashed = Buffer.concat([
    ...(issuer === 'none' ? [] : [subpacket(16, fingerprint.subarray(-8))]),
    ...(options.unhashedSubpackets ?? []),
  ]);
  const value =
    by.algorithm === 1
      ? mpi(cryptoSign(hash, Buffer.concat([...options.data, ...covered]), by.secret))
      : eddsaValue(cryptoSign(null, digest, by.secret));
  return Buffer.concat([head, uint16(unhashed.length), unhashed, digest.subarray(0, 2), value]);
}

function eddsaValue(bytes: Buffer): Buffer {
  return Buffer.concat([mpi(bytes.subarray(0, 32)), mpi(bytes.subarray(32))]);
}

/** What a signature over a key hashes. */
export function hashed(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x99]), uint16(body.length), body]);
}

export function packet(tag: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0xc0 | tag, 0xff]), uint32(body.length), body]);
}

export function subpacket(type: number, body: Buffer): Buffer {
  const length = body.length + 1;
  const head = length < 192 ? Buffer.from([length]) : Buffer.concat([Buffer.from([0xff]), uint32(length)]);
  return Buffer.concat([head, Buffer.from([type]), body]);
}

export function armor(label: string, bytes: Buffer): string {
  const lines = bytes
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd();
  return `-----BEGIN PGP ${label}-----\n\n${lines}\n=AAAA\n-----END PGP ${label}-----\n`;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function mpi(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const number = bytes.subarray(start);
  return Buffer.concat([uint16((number.length - 1) * 8 + (32 - Math.clz32(number[0] ?? 0))), number]);
}
