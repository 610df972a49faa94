import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCleartext } from '../../../src/releases/openpgp/packets.ts';
import { readCertificates } from '../../../src/releases/openpgp/keyring.ts';
import {
  checkSignatures,
  hashesOf,
  type Policy,
  readSignatures,
  type Verdict,
} from '../../../src/releases/openpgp/verify.ts';
import { armor, at, makeKey, packet, type SignatureOptions, subpacket, uint32 } from '../../support/openpgp-keys.ts';
import { certificate, clearsigned, detached } from '../../support/openpgp-vendor.ts';

const data = Buffer.from('kernel');
const now = at('2026-01-01');
const primary = makeKey('ed25519', at('2015-01-01'));
const current = makeKey('ed25519', at('2024-01-01'));
const expired = makeKey('ed25519', at('2016-01-01'));
const revoked = makeKey('ed25519', at('2017-01-01'));
const stranger = makeKey();
const year = 366 * 86_400;
const block = certificate({
  primary,
  subkeys: [
    { key: current, expiresAfter: year },
    { key: expired, expiresAfter: year },
    { key: revoked, expiresAfter: year, revoked: true },
  ],
});
const policy: Policy = {
  certificates: readCertificates(block),
  pinned: [primary.fingerprint],
  revoked: [],
  allowSha1: false,
  now,
};

function check(signatures: Buffer, changes: Partial<Policy> = {}, over = data): Verdict {
  const digest = (hash: string, trailer: Buffer): Buffer => createHash(hash).update(over).update(trailer).digest();
  return checkSignatures(readSignatures(signatures), 'binary', digest, { ...policy, ...changes });
}

function by(key: typeof current, options: Partial<SignatureOptions> = {}): Buffer {
  return detached(data, key, options);
}

describe('checkSignatures', () => {
  it('says who signed, and when', () => {
    expect(check(by(current))).toEqual({
      good: true,
      signer: { primary: primary.fingerprint, key: current.fingerprint, signedAt: at('2024-06-01'), hash: 'sha256' },
    });
  });

  it.each<[string, Buffer]>([
    ['a key that expired since', by(expired, { created: at('2016-06-01') })],
    ['a signature that names only a key id, as in 2015', by(current, { issuer: 'id' })],
    ['a signature that names nobody', by(current, { issuer: 'none' })],
    ['SHA-512', by(current, { hash: 'sha512' })],
    ['the primary key itself', by(primary)],
    ['armour', Buffer.from(armor('SIGNATURE', by(current)))],
    ['a good one beside a stranger', Buffer.concat([by(stranger), by(current)])],
    ['a good one beside a revoked one', Buffer.concat([by(revoked), by(current)])],
  ])('accepts %s', (_, signature) => {
    expect(check(signature).good).toBe(true);
  });

  it.each<[string, string, Buffer]>([
    ['revoked', 'a revoked subkey, also from before its revocation', by(revoked, { created: at('2017-01-01') })],
    ['stranger', 'a key that nobody pinned', by(stranger)],
    ['bad', 'a signature over something else', detached(Buffer.from('other'), current)],
    ['lifetime', 'a key that was not yet made', by(current, { created: at('2023-12-31') })],
    ['lifetime', 'a key that had expired already', by(expired, { created: at('2018-01-01') })],
    ['clock', 'a time to come', by(current, { created: now + 2 * 86_400 })],
    ['weak-hash', 'SHA-1', by(expired, { created: at('2016-06-01'), hash: 'sha1' })],
    ['weak-hash', 'SHA-224', by(current, { hash: 'sha224' })],
    ['unsupported', 'a signature of text', by(current, { type: 1 })],
    ['unsupported', 'the binding of a subkey', by(current, { type: 0x18 })],
    [
      'unsupported',
      'a critical condition',
      by(current, { hashedSubpackets: [subpacket(0x80 | 20, Buffer.from('x'))] }),
    ],
    [
      'expired',
      'a signature that was meant for a while',
      by(current, { hashedSubpackets: [subpacket(3, uint32(60))] }),
    ],
    ['none', 'an empty file', Buffer.alloc(0)],
    ['revoked', 'a stranger and a revoked one: the worse is told', Buffer.concat([by(stranger), by(revoked)])],
  ])('%s: %s', (reason, _, signature) => {
    expect(check(signature)).toMatchObject({ good: false, reason });
  });

  it('accepts SHA-1 when told to, but not SHA-224', () => {
    const old = by(expired, { created: at('2016-06-01'), hash: 'sha1' });
    expect(check(old, { allowSha1: true }).good).toBe(true);
    expect(check(by(current, { hash: 'sha224' }), { allowSha1: true }).good).toBe(false);
  });

  it('believes no certificate that is not pinned by its primary fingerprint, not even by a subkey’s', () => {
    expect(check(by(current), { pinned: [current.fingerprint] })).toMatchObject({ reason: 'stranger' });
    expect(check(by(current), { pinned: [] })).toMatchObject({ reason: 'stranger' });
  });

  it('knows a revoked subkey although the key at hand does not say so', () => {
    expect(check(by(current), { revoked: [current.fingerprint] })).toMatchObject({ reason: 'revoked' });
  });

  it('lets a revocation in either of two copies of a key count', () => {
    const later = certificate({ primary, subkeys: [{ key: current, revoked: true }] });
    for (const order of [
      [block, later],
      [later, block],
    ])
      expect(check(by(current), { certificates: order.flatMap(readCertificates) })).toMatchObject({
        reason: 'revoked',
      });
  });

  it('sees every changed byte of a signature file', () => {
    const good = by(current);
    for (let i = 0; i < good.length; i += 1) {
      const bent = Buffer.from(good);
      bent[i] = (bent[i] ?? 0) ^ 0x10;
      let accepted: boolean;
      try {
        accepted = check(bent).good;
      } catch {
        accepted = false;
      }
      // The unhashed key id is a hint that the fingerprint makes unnecessary: none signed it.
      const hint = good.indexOf(Buffer.from([9, 16]));
      if (accepted) expect(i > hint && i < hint + 10, `byte ${i}`).toBe(true);
    }
  });
});

describe('a cleartext signature', () => {
  const verdict = (message: string): Verdict => {
    const { canonical, signatures } = readCleartext(Buffer.from(message));
    const digest = (hash: string, trailer: Buffer): Buffer =>
      createHash(hash).update(canonical).update(trailer).digest();
    return checkSignatures(readSignatures(signatures), 'text', digest, policy);
  };
  const message = clearsigned('Origin: Debian\n- dash \n', current);

  it('holds over its text and no other', () => {
    expect(verdict(message).good).toBe(true);
    expect(verdict(message.replace('Debian', 'Debain'))).toMatchObject({ reason: 'bad' });
  });

  it('is no signature over a file', () => {
    expect(verdict(clearsigned('x', current, { type: 0 }))).toMatchObject({ reason: 'unsupported' });
  });
});

describe('readSignatures', () => {
  it.each([
    ['a message with its data inside', Buffer.concat([packet(11, Buffer.from('bkernel')), by(current)])],
    ['a key', block],
    ['a page', Buffer.from('<html>')],
  ])('refuses %s', (_, bytes) => {
    expect(() => readSignatures(bytes)).toThrow('malformed OpenPGP data');
  });

  it('says which hashes will be needed', () => {
    const two = Buffer.concat([by(current), by(current, { hash: 'sha512' })]);
    expect([...hashesOf(readSignatures(two))]).toEqual(['sha256', 'sha512']);
  });
});
