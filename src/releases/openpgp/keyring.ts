import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  publicDecrypt,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { byteAt, dearmor, malformed, type Packet, readMpi, readPackets, TAG } from './packets.ts';
import { type HashName, leftPad, parseSignature, type Signature, TYPE } from './signature.ts';

/** A version 4 public key that can check signatures. */
interface PublicKey {
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

/** A key that may sign data, and for how long. Times are seconds since 1970. */
export interface SigningKey {
  readonly key: PublicKey;
  /** The fingerprint that is pinned: of the key that this one belongs to, or is. */
  readonly primary: string;
  readonly revoked: boolean;
  readonly expires: number | undefined;
}

/** A primary key with the subkeys that provably belong to it. */
export interface Certificate {
  readonly fingerprint: string;
  readonly keys: readonly SigningKey[];
}

// Self-signatures with SHA-1 were normal until GnuPG stopped making them; Container Linux' key has four. They bind
// keys below a pinned fingerprint, so a forger needs a second preimage, not a collision. Newer ones have no excuse.
const LAST_SHA1 = Date.UTC(2019, 0, 19) / 1000;
// What a primary key says of itself (may it sign, until when) holds as long as that key is the pinned one. Fedora's keys of
// 2019 and 2020 (31 to 33) say it with SHA-1 alone.
const LAST_SHA1_OF_ITSELF = Date.UTC(2020, 11, 31) / 1000;
const MAY_SIGN = 0x02;

interface Part {
  readonly packet: Packet;
  readonly signatures: Signature[];
}

/** Reads a key file, armoured or binary, of one or more keys. Throws Failure `invalid` for what is none. */
export function readCertificates(bytes: Buffer): readonly Certificate[] {
  const found: Certificate[] = [];
  let parts: Part[] = [];
  const finish = (): void => {
    const certificate = buildCertificate(parts);
    if (certificate !== undefined) found.push(certificate);
    parts = [];
  };
  for (const packet of readPackets(dearmor(bytes, 'PUBLIC KEY BLOCK'))) {
    if (packet.tag === TAG.primaryKey) finish();
    if (packet.tag === TAG.signature) {
      const signature = parseSignature(packet.body);
      if (signature !== undefined) parts.at(-1)?.signatures.push(signature);
    } else if (packet.tag !== TAG.marker) parts.push({ packet, signatures: [] });
  }
  finish();
  return found;
}

function buildCertificate(parts: readonly Part[]): Certificate | undefined {
  const [head, ...rest] = parts;
  if (head?.packet.tag !== TAG.primaryKey) return undefined;
  const primary = parsePublicKey(head.packet.body);
  if (primary === undefined) return undefined;
  const revoked = isRevoked(head.signatures, TYPE.keyRevocation, primary, [primary.hashed]);
  const own = [head, ...rest.filter(({ packet }) => packet.tag === TAG.userId)].flatMap((part) =>
    aboutPrimary(part, primary),
  );
  const self = newest(own);
  const keys: SigningKey[] = [];
  const expires = self === undefined ? undefined : expiry(primary, self);
  if (self !== undefined && maySign(self)) keys.push({ key: primary, primary: primary.fingerprint, revoked, expires });
  for (const part of rest) {
    const subkey = part.packet.tag === TAG.subkey ? buildSubkey(part, primary, { revoked, expires }) : undefined;
    if (subkey !== undefined) keys.push(subkey);
  }
  return { fingerprint: primary.fingerprint, keys };
}

function buildSubkey(
  part: Part,
  primary: PublicKey,
  above: Pick<SigningKey, 'revoked' | 'expires'>,
): SigningKey | undefined {
  const key = parsePublicKey(part.packet.body);
  if (key === undefined) return undefined;
  const data = [primary.hashed, key.hashed];
  const bindings = part.signatures.filter(
    (signature) =>
      signature.type === TYPE.subkeyBinding &&
      bindingHolds(signature, primary, data) &&
      // Without the subkey's own signature anyone could claim another's signing key (RFC 9580, 5.2.1.10).
      signature.embedded !== undefined &&
      bindingHolds(signature.embedded, key, data),
  );
  const binding = newest(bindings);
  if (binding === undefined || !maySign(binding)) return undefined;
  const revoked = above.revoked || isRevoked(part.signatures, TYPE.subkeyRevocation, primary, data);
  return { key, primary: primary.fingerprint, revoked, expires: earlier(expiry(key, binding), above.expires) };
}

// What the primary key says of itself: directly, or with a name (0x10 to 0x13).
function aboutPrimary(part: Part, primary: PublicKey): readonly Signature[] {
  const direct = part.packet.tag === TAG.primaryKey;
  const name = Buffer.from([0xb4, 0, 0, 0, 0]);
  name.writeUInt32BE(part.packet.body.length, 1);
  const data = direct ? [primary.hashed] : [primary.hashed, name, part.packet.body];
  return part.signatures.filter(
    (signature) =>
      (direct ? signature.type === TYPE.directKey : signature.type >= 0x10 && signature.type <= 0x13) &&
      bindingHolds(signature, primary, data, LAST_SHA1_OF_ITSELF),
  );
}

function bindingHolds(signature: Signature, by: PublicKey, data: readonly Buffer[], lastSha1 = LAST_SHA1): boolean {
  if (signature.unsupported !== undefined || (signature.hash === 'sha1' && signature.created > lastSha1)) return false;
  return holds(signature, by, data);
}

// In doubt a key is revoked: a revocation that names the primary key counts even if we cannot check it (a hash that we
// do not compute). Only one that names another key, and is not the primary's, is ignored.
function isRevoked(
  signatures: readonly Signature[],
  type: number,
  primary: PublicKey,
  data: readonly Buffer[],
): boolean {
  return signatures.some((signature) => {
    if (signature.type !== type) return false;
    const id = signature.issuerFingerprint?.slice(-16) ?? signature.issuerKeyId;
    return id === undefined || primary.fingerprint.endsWith(id) || holds(signature, primary, data);
  });
}

function holds(signature: Signature, by: PublicKey, data: readonly Buffer[]): boolean {
  if (signature.hash === undefined) return false;
  const hash = createHash(signature.hash);
  for (const part of data) hash.update(part);
  const digest = hash.update(signature.trailer).digest();
  return digest.readUInt16BE(0) === signature.left16 && by.check(signature, digest);
}

function newest(signatures: readonly Signature[]): Signature | undefined {
  return signatures.reduce<Signature | undefined>(
    (best, one) => (best === undefined || one.created >= best.created ? one : best),
    undefined,
  );
}

function maySign(signature: Signature): boolean {
  return signature.keyFlags === undefined || (signature.keyFlags & MAY_SIGN) !== 0;
}

function expiry(key: PublicKey, binding: Signature): number | undefined {
  const after = binding.keyExpiresAfter;
  return after === undefined || after === 0 ? undefined : key.created + after;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
