import { describe, expect, it } from 'vitest';
import { readCertificates, type SigningKey } from '../../../src/releases/openpgp/keyring.ts';
import { armor, at, makeKey, packet, signatureBody, hashed } from '../../support/openpgp-keys.ts';
import { certificate, type SubkeyOptions } from '../../support/openpgp-vendor.ts';

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
