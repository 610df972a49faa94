import {
  createHash,
  createPublicKey,
  type KeyObject,
  constants,
  publicDecrypt,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { byteAt, malformed, readMpi } from './packets.ts';
import { type HashName, leftPad, type Signature } from './signature.ts';

/** A version 4 public key that can check signatures. */
export interface PublicKey {
  /** 40 upper-case hexadecimal digits. */
  readonly fingerprint: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** What a signature over this key hashes (RFC 9580, 5.2.4). */
  readonly hashed: Buffer;
  /** Whether this key made the signature whose data hash to `digest`. */
  readonly check: (signature: Signature, digest: Buffer) => boolean;
}

const ED25519_OID = Buffer.from('2b06010401da470f01', 'hex');
const SMALLEST_RSA = 2048;

/** Undefined for versions and algorithms that we do not check with: encryption keys, DSA, unknown curves, short RSA. */
export function parsePublicKey(body: Buffer): PublicKey | undefined {
  if (byteAt(body, 0) !== 4) return undefined;
  byteAt(body, 5);
  const check = checker(byteAt(body, 5), body.subarray(6));
  if (check === undefined) return undefined;
  if (body.length > 0xffff) throw malformed('a key is too long');
  const hashed = Buffer.concat([Buffer.from([0x99, body.length >> 8, body.length & 0xff]), body]);
  return {
    fingerprint: createHash('sha1').update(hashed).digest('hex').toUpperCase(),
    created: body.readUInt32BE(1),
    hashed,
    check,
  };
}

function checker(algorithm: number, material: Buffer): PublicKey['check'] | undefined {
  if (algorithm === 1 || algorithm === 3) return rsaChecker(material);
  if (algorithm === 27) return ed25519Checker(material.subarray(0, 32), 27);
  if (algorithm !== 22) return undefined;
  const oidLength = byteAt(material, 0);
  if (!material.subarray(1, 1 + oidLength).equals(ED25519_OID)) return undefined;
  const point = readMpi(material, 1 + oidLength).value;
  return point.length === 33 && point[0] === 0x40 ? ed25519Checker(point.subarray(1), 22) : undefined;
}

function rsaChecker(material: Buffer): PublicKey['check'] | undefined {
  const n = readMpi(material, 0);
  const e = readMpi(material, n.next);
  if (n.value.length * 8 < SMALLEST_RSA) return undefined;
  const key = fromJwk({ kty: 'RSA', n: n.value.toString('base64url'), e: e.value.toString('base64url') });
  return (signature, digest) => {
    if ((signature.keyAlgorithm !== 1 && signature.keyAlgorithm !== 3) || signature.hash === undefined) return false;
    if (signature.value.length > n.value.length) return false;
    return equalsEncoded(key, leftPad(signature.value, n.value.length), signature.hash, digest);
  };
}

// The DER prefix of a DigestInfo (RFC 8017, 9.2, note 1).
const DIGEST_INFO: Readonly<Record<HashName, string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha224: '302d300d06096086480165030402040500041c',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

// RSASSA-PKCS1-v1_5 by building the one right encoding and comparing all of it (RFC 8017, 8.2.2): a parser of the
// padding is what Bleichenbacher's forgeries of 2006 got past. crypto.verify() hashes by itself, but the file's hash
// was already computed while it was written.
function equalsEncoded(key: KeyObject, signature: Buffer, hash: HashName, digest: Buffer): boolean {
  const info = Buffer.concat([Buffer.from(DIGEST_INFO[hash], 'hex'), digest]);
  const filler = Buffer.alloc(signature.length - info.length - 3, 0xff);
  const expected = Buffer.concat([Buffer.from([0, 1]), filler, Buffer.from([0]), info]);
  try {
    const opened = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
    return opened.length === expected.length && timingSafeEqual(opened, expected);
  } catch {
    return false; // a number that is not below the modulus
  }
}

function ed25519Checker(point: Buffer, algorithm: number): PublicKey['check'] | undefined {
  if (point.length !== 32) return undefined;
  const key = fromJwk({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') });
  // OpenPGP signs the digest, not the data (RFC 9580, 5.2.3.3).
  return (signature, digest) =>
    signature.keyAlgorithm === algorithm && signature.value.length === 64 && verify(null, digest, key, signature.value);
}

function fromJwk(jwk: Readonly<Record<string, string>>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch (cause) {
    throw malformed('a public key that is none', cause);
  }
}
