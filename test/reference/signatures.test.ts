import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCleartext } from '../../src/releases/openpgp/packets.ts';
import { readCertificates } from '../../src/releases/openpgp/keyring.ts';
import { checkSignatures, type Policy, readSignatures, type Verdict } from '../../src/releases/openpgp/verify.ts';
import { hasReference, reference } from './reference-dir.ts';

const COREOS = '04127D0BFABEC8871FFB2CCE50E0885593D2DCB4';
const FLATCAR = 'F88CFEDEFF29A5B4D9523864E25D9AED0593B34A';
const now = Math.floor(Date.parse('2026-11-21') / 1000);

// Four real signatures, made by the vendors, over the same version.txt of 2015.
describe.skipIf(!hasReference('feeds/signature-vectors/version-723.1.0.txt'))('real detached signatures', () => {
  const vector = 'feeds/signature-vectors/version-723.1.0.txt';

  function verdict(name: string, changes: Partial<Policy> = {}, suffix = ''): Verdict {
    const certificates = [
      'feeds/keys/coreos-container-linux-image-signing-key.asc',
      'feeds/keys/flatcar-image-signing-key.asc',
    ].flatMap((file) => readCertificates(reference(file)));
    const data = Buffer.concat([reference(vector), Buffer.from(suffix)]);
    const digest = (hash: string, trailer: Buffer): Buffer => createHash(hash).update(data).update(trailer).digest();
    const policy = { certificates, pinned: [COREOS, FLATCAR], revoked: [], allowSha1: false, now, ...changes };
    return checkSignatures(readSignatures(reference(`${vector}.${name}.sig`)), 'binary', digest, policy);
  }

  it('good: Container Linux 2019, SHA-256, by a subkey that expired since', () => {
    expect(verdict('coreos-67B3CA0E-2019-sha256')).toMatchObject({ good: true, signer: { primary: COREOS } });
  });

  it('good: Flatcar 2018, SHA-256, by a subkey that expired since', () => {
    expect(verdict('flatcar-896E394F-2018-sha256')).toMatchObject({ good: true, signer: { primary: FLATCAR } });
  });

  it('refused for SHA-1, good with the legacy switch: Container Linux 2015', () => {
    expect(verdict('coreos-E5676EFC-2015-sha1')).toMatchObject({ good: false, reason: 'weak-hash' });
    expect(verdict('coreos-E5676EFC-2015-sha1', { allowSha1: true })).toMatchObject({ good: true });
  });

  it('refused: Flatcar 2018, by the subkey that was revoked as compromised (gpg and gpgv exit 0)', () => {
    expect(verdict('flatcar-D0FC498C-REVOKED-2018-sha256')).toMatchObject({ good: false, reason: 'revoked' });
    expect(verdict('flatcar-D0FC498C-REVOKED-2018-sha256', { allowSha1: true })).toMatchObject({ reason: 'revoked' });
  });

  it('refused: one more byte, or only the other vendor pinned', () => {
    expect(verdict('coreos-67B3CA0E-2019-sha256', {}, 'x')).toMatchObject({ good: false, reason: 'bad' });
    expect(verdict('coreos-67B3CA0E-2019-sha256', { pinned: [FLATCAR] })).toMatchObject({ reason: 'stranger' });
  });
});

const KEYRINGS = '/usr/share/keyrings';
describe.skipIf(!hasReference('feeds/debian/bookworm-12.15-InRelease') || !existsSync(KEYRINGS))(
  "Debian's InRelease",
  () => {
    it.each([
      ['automatic', '4CB50190207B4758A3F73A796ED0E7B82643E131'],
      ['stable', '4D64FEC119C2029067D6E791F8D2585B8783D481'],
    ])('holds by the %s key (RSA, Ed25519)', (name, key) => {
      const certificates = readCertificates(readFileSync(`${KEYRINGS}/debian-archive-bookworm-${name}.gpg`));
      const { canonical, signatures, text } = readCleartext(reference('feeds/debian/bookworm-12.15-InRelease'));
      const digest = (hash: string, trailer: Buffer): Buffer =>
        createHash(hash).update(canonical).update(trailer).digest();
      const pinned = certificates.map(({ fingerprint }) => fingerprint);
      const policy = { certificates, pinned, revoked: [], allowSha1: false, now };
      expect(checkSignatures(readSignatures(signatures), 'text', digest, policy)).toMatchObject({
        good: true,
        signer: { key },
      });
      expect(text).toContain('Codename: bookworm\n');
    });
  },
);
