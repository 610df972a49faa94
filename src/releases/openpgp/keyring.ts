import { createHash } from 'node:crypto';
import { dearmor } from './armor.ts';
import { type Packet, readPackets, TAG } from './packets.ts';
import { parsePublicKey, type PublicKey } from './public-key.ts';
import { parseSignature, type Signature, TYPE } from './signature.ts';

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
      // Without the subkey's own signature anyone could claim somebody else's signing key (RFC 9580, 5.2.1.10).
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
// do not compute). Only one that says it is somebody else's, and is not the primary's, is ignored.
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
