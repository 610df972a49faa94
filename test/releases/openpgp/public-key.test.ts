import { createHash, privateEncrypt, constants } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parsePublicKey } from '../../../src/releases/openpgp/public-key.ts';
import { parseSignature, type Signature } from '../../../src/releases/openpgp/signature.ts';
import { at, makeKey, signatureBody } from '../../support/openpgp-keys.ts';

const rsa = makeKey('rsa');
const data = Buffer.from('data');

function signed(by: typeof rsa): { signature: Signature; digest: Buffer } {
  const signature = parseSignature(signatureBody({ type: 0, by, created: at('2024-01-01'), data: [data] }));
  if (signature === undefined) throw new Error('unreadable');
  return { signature, digest: createHash('sha256').update(data).update(signature.trailer).digest() };
}

describe.each(['rsa', 'ed25519'] as const)('a key of %s', (kind) => {
  const key = makeKey(kind);
  const parsed = parsePublicKey(key.body);
  const { signature, digest } = signed(key);

  it('has the fingerprint of RFC 9580, 5.5.4.2', () => {
    expect(parsed?.fingerprint).toBe(key.fingerprint);
    expect(parsed?.created).toBe(key.created);
  });

  it('accepts its own signature over this digest only', () => {
    expect(parsed?.check(signature, digest)).toBe(true);
    expect(parsed?.check(signature, Buffer.alloc(32))).toBe(false);
    const bent = Buffer.from(signature.value);
    bent[5] = (bent[5] ?? 0) ^ 1;
    expect(parsed?.check({ ...signature, value: bent }, digest)).toBe(false);
    expect(parsed?.check({ ...signature, value: Buffer.alloc(0) }, digest)).toBe(false);
    expect(parsed?.check({ ...signature, value: Buffer.alloc(300, 0xff) }, digest)).toBe(false);
  });

  it('does not accept the signature of another algorithm', () => {
    expect(parsed?.check({ ...signature, keyAlgorithm: 17 }, digest)).toBe(false);
  });
});

describe('RSA', () => {
  // What a parser that stops at the end of the hash lets through when the exponent is small (Bleichenbacher, 2006).
  it('refuses an encoding with bytes after the hash', () => {
    const { signature, digest } = signed(rsa);
    const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest]);
    const short = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.from([0]), info]);
    const forged = Buffer.concat([short, Buffer.alloc(256 - short.length, 0x41)]);
    const value = privateEncrypt({ key: rsa.secret, padding: constants.RSA_NO_PADDING }, forged);
    expect(parsePublicKey(rsa.body)?.check({ ...signature, value }, digest)).toBe(false);
    // The right encoding made by the same means is accepted: the test above fails for the right reason.
    const right = Buffer.concat([
      Buffer.from([0, 1]),
      Buffer.alloc(256 - info.length - 3, 0xff),
      Buffer.from([0]),
      info,
    ]);
    const good = privateEncrypt({ key: rsa.secret, padding: constants.RSA_NO_PADDING }, right);
    expect(parsePublicKey(rsa.body)?.check({ ...signature, value: good }, digest)).toBe(true);
  });

  it('refuses one hash named as another', () => {
    const { signature, digest } = signed(rsa);
    expect(parsePublicKey(rsa.body)?.check({ ...signature, hash: 'sha512' }, digest)).toBe(false);
  });
});

describe('parsePublicKey', () => {
  it('leaves aside what it cannot check with', () => {
    expect(parsePublicKey(Buffer.concat([Buffer.from([6]), rsa.body.subarray(1)]))).toBeUndefined();
    const dsa = Buffer.from(rsa.body);
    dsa[5] = 17;
    expect(parsePublicKey(dsa)).toBeUndefined();
    const curve = Buffer.from(makeKey().body);
    curve[8] = 0;
    expect(parsePublicKey(curve)).toBeUndefined();
    const short = Buffer.concat([
      rsa.body.subarray(0, 6),
      Buffer.from([4, 0]),
      Buffer.alloc(128, 0xff),
      Buffer.from([0, 2, 3]),
    ]);
    expect(parsePublicKey(short)).toBeUndefined();
  });
});
