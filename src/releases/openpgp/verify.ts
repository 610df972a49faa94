import { dearmor, malformed, readPackets, TAG } from './packets.ts';
import type { Certificate, SigningKey } from './keyring.ts';
import { type HashName, parseSignature, type Signature, TYPE } from './signature.ts';

/** Who is believed. */
export interface Policy {
  readonly certificates: readonly Certificate[];
  /** Fingerprints of primary keys, 40 upper-case digits. */
  readonly pinned: readonly string[];
  /** Fingerprints of keys that are known to be revoked even if the key file at hand does not say so. */
  readonly revoked: readonly string[];
  /** Accept SHA-1 over data. Only for releases from before 2016; a collision costs some tens of thousands of dollars. */
  readonly allowSha1: boolean;
  /** Seconds since 1970. */
  readonly now: number;
}

/** A signature that holds. */
export interface Signer {
  readonly primary: string;
  readonly key: string;
  /** Seconds since 1970. */
  readonly signedAt: number;
  readonly hash: HashName;
}

/** Why a signature does not count, the most telling first: this is also the order in which one of several is reported. */
const REASONS = [
  'revoked',
  'bad',
  'clock',
  'weak-hash',
  'lifetime',
  'expired',
  'unsupported',
  'stranger',
  'none',
] as const;
export type Reason = (typeof REASONS)[number];

export type Verdict =
  | { readonly good: true; readonly signer: Signer }
  | { readonly good: false; readonly reason: Reason; readonly key: string | undefined };

/** Gives the digest of the data followed by the signature's trailer, computed once while the data passed by. */
export type DataDigest = (hash: HashName, trailer: Buffer) => Buffer;

// A machine whose clock is this far behind the signer's is still believed.
const CLOCK_SLACK = 24 * 3600;

/**
 * The signatures of a detached signature file, armoured or binary. Every other packet is refused: a message with its
 * data inside is not a signature over our file (CVE-2025-47934). Throws Failure `invalid`.
 */
export function readSignatures(bytes: Buffer): readonly Signature[] {
  const found: Signature[] = [];
  for (const { tag, body } of readPackets(dearmor(bytes, 'SIGNATURE'))) {
    if (tag === TAG.marker) continue;
    if (tag !== TAG.signature) throw malformed('a signature file that holds something else');
    const signature = parseSignature(body);
    if (signature !== undefined) found.push(signature);
  }
  return found;
}

/** The hashes that checking these signatures will ask for. */
export function hashesOf(signatures: readonly Signature[]): ReadonlySet<HashName> {
  return new Set(signatures.flatMap(({ hash }) => (hash === undefined ? [] : [hash])));
}

/**
 * Good when at least one signature was made by a key of a pinned certificate. Keys that expired since count: what was
 * signed while they lived stays signed (every old release is so). Revoked ones never count, whenever they signed:
 * a thief of the key can choose the date. The exit status of gpg and gpgv is 0 for both.
 */
export function checkSignatures(
  signatures: readonly Signature[],
  type: 'binary' | 'text',
  digest: DataDigest,
  policy: Policy,
): Verdict {
  let worst: Verdict = { good: false, reason: 'none', key: undefined };
  for (const signature of signatures) {
    const verdict = checkOne(signature, type, digest, policy);
    if (verdict.good) return verdict;
    if (REASONS.indexOf(verdict.reason) < REASONS.indexOf(worst.reason)) worst = verdict;
  }
  return worst;
}

function checkOne(signature: Signature, type: 'binary' | 'text', digest: DataDigest, policy: Policy): Verdict {
  const hint = signature.issuerFingerprint ?? signature.issuerKeyId;
  const no = (reason: Reason, key = hint): Verdict => ({ good: false, reason, key });
  if (signature.type !== TYPE[type] || signature.hash === undefined || signature.unsupported !== undefined)
    return no('unsupported');
  if (signature.hash === 'sha224' || (signature.hash === 'sha1' && !policy.allowSha1)) return no('weak-hash');
  const candidates = policy.certificates
    .filter(({ fingerprint }) => policy.pinned.includes(fingerprint))
    .flatMap(({ keys }) => keys)
    .filter((one) => issued(signature, one));
  if (candidates.length === 0) return no('stranger');
  const data = digest(signature.hash, signature.trailer);
  const makers = candidates.filter(
    ({ key }) => data.readUInt16BE(0) === signature.left16 && key.check(signature, data),
  );
  const [maker] = makers;
  if (maker === undefined) return no('bad');
  const fault = faultOf(signature, makers, policy);
  if (fault !== undefined) return no(fault, maker.key.fingerprint);
  const { primary, key } = maker;
  return { good: true, signer: { primary, key: key.fingerprint, signedAt: signature.created, hash: signature.hash } };
}

function issued(signature: Signature, { key }: SigningKey): boolean {
  if (signature.issuerFingerprint !== undefined) return signature.issuerFingerprint === key.fingerprint;
  return signature.issuerKeyId === undefined || key.fingerprint.endsWith(signature.issuerKeyId);
}

// The same key may be there twice, from an older and a newer copy of the vendor's file: a revocation in either counts,
// and so does a prolonged life.
function faultOf(signature: Signature, makers: readonly SigningKey[], policy: Policy): Reason | undefined {
  if (makers.some((one) => one.revoked || policy.revoked.includes(one.key.fingerprint))) return 'revoked';
  if (signature.created > policy.now + CLOCK_SLACK) return 'clock';
  if (!makers.some((one) => livedAt(one, signature.created))) return 'lifetime';
  const { expiresAfter } = signature;
  if (expiresAfter !== undefined && expiresAfter > 0 && signature.created + expiresAfter < policy.now) return 'expired';
  return undefined;
}

function livedAt({ key, expires }: SigningKey, time: number): boolean {
  return time >= key.created && (expires === undefined || time <= expires);
}

/** Whether any of these could hold: asked before a large file is fetched for nothing. */
export function issuerKnown(signatures: readonly Signature[], { certificates, pinned }: Policy): boolean {
  const keys = certificates.filter(({ fingerprint }) => pinned.includes(fingerprint)).flatMap((one) => one.keys);
  return signatures.some((signature) => keys.some((key) => issued(signature, key)));
}
