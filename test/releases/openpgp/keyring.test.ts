import { constants, createHash, privateEncrypt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parsePublicKey, readCertificates, type SigningKey } from '../../../src/releases/openpgp/keyring.ts';
import { parseSignature, type Signature } from '../../../src/releases/openpgp/signature.ts';
import { armor, at, hashed, makeKey, packet, signatureBody } from '../../support/openpgp-keys.ts';
import { certificate, type SubkeyOptions } from '../../support/openpgp-vendor.ts';

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

const primary = makeKey('ed25519', at('2015-01-01'));
const stranger = makeKey();
const key = makeKey('ed25519', at('2016-01-01'));

function subkeys(...options: Omit<SubkeyOptions, 'key'>[]): readonly SigningKey[] {
  const block = certificate({ primary, subkeys: options.map((option) => ({ key, ...option })) });
  const [found] = readCertificates(block);
  return found?.keys.filter((one) => one.key.fingerprint !== primary.fingerprint) ?? [];
}

describe('readCertificates', () => {
  it('reads several keys from one armoured file', () => {
    const text = [primary, stranger].map((one) => armor('PUBLIC KEY BLOCK', certificate({ primary: one }))).join('\n');
    expect(readCertificates(Buffer.from(text)).map(({ fingerprint }) => fingerprint)).toEqual([
      primary.fingerprint,
      stranger.fingerprint,
    ]);
  });

  it('takes a signing subkey with the life that its binding gives it', () => {
    expect(subkeys({ expiresAfter: 3600 })).toMatchObject([
      { primary: primary.fingerprint, revoked: false, expires: at('2016-01-01') + 3600 },
    ]);
    expect(subkeys({})).toMatchObject([{ expires: undefined }]);
  });

  it.each<[string, Omit<SubkeyOptions, 'key'>]>([
    ['is not bound by the primary key', { boundBy: stranger }],
    ['does not say itself that it belongs there', { backSignature: false }],
    ['may not sign', { flags: 0x0c }],
    ['is bound with SHA-1 today', { hash: 'sha1', boundAt: at('2024-01-01') }],
  ])('leaves aside a subkey that %s', (_, options) => {
    expect(subkeys(options)).toEqual([]);
  });

  it('takes an old binding with SHA-1', () => {
    expect(subkeys({ hash: 'sha1' })).toHaveLength(1);
  });

  it('takes a primary key that says with SHA-1 that it may sign, as Fedora 31 to 33, and no later one', () => {
    const keys = (date: string): number =>
      readCertificates(certificate({ primary, hash: 'sha1', selfSigned: at(date) }))[0]?.keys.length ?? -1;
    expect(['2019-02-18', '2019-08-12', '2020-01-28', '2021-01-01'].map(keys)).toEqual([1, 1, 1, 0]);
  });

  it('knows a revoked subkey, and one whose primary key is revoked', () => {
    expect(subkeys({ revoked: true })).toMatchObject([{ revoked: true }]);
    const [found] = readCertificates(certificate({ primary, revoked: true, subkeys: [{ key }] }));
    expect(found?.keys.map(({ revoked }) => revoked)).toEqual([true, true]);
  });

  it('does not let a stranger revoke', () => {
    expect(subkeys({ revokedBy: stranger })).toMatchObject([{ revoked: false }]);
  });

  it('takes a revocation that it cannot check for one, when it names the primary key', () => {
    const body = signatureBody({ type: 0x28, by: primary, created: at('2020-01-01'), data: [Buffer.from('other')] });
    const block = certificate({ primary, subkeys: [{ key }] });
    const [found] = readCertificates(Buffer.concat([block, packet(2, body)]));
    expect(found?.keys.at(-1)?.revoked).toBe(true);
  });

  it('lets a primary key sign data only if it says so', () => {
    const keys = (flags: number): number => readCertificates(certificate({ primary, flags }))[0]?.keys.length ?? -1;
    expect([keys(0x03), keys(0x01)]).toEqual([1, 0]);
  });

  it('does not take flags of a name that somebody else certified', () => {
    const name = Buffer.from('x');
    const data = [hashed(primary.body), Buffer.from([0xb4, 0, 0, 0, 1]), name];
    const foreign = packet(2, signatureBody({ type: 0x13, by: stranger, created: at('2020-01-01'), data }));
    expect(readCertificates(Buffer.concat([packet(6, primary.body), packet(13, name), foreign]))[0]?.keys).toEqual([]);
  });

  it('gives nothing for subkeys without a primary key, and refuses what is no key file', () => {
    expect(readCertificates(packet(14, key.body))).toEqual([]);
    expect(() => readCertificates(Buffer.from('<html>'))).toThrow('malformed OpenPGP data');
  });
});
