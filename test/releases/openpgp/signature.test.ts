import { describe, expect, it } from 'vitest';
import { leftPad, parseSignature } from '../../../src/releases/openpgp/signature.ts';
import { at, makeKey, signatureBody, subpacket, uint32 } from '../../support/openpgp-keys.ts';

const key = makeKey();
const made = (options = {}): Buffer =>
  signatureBody({ type: 0, by: key, created: at('2024-06-01'), data: [], ...options });

describe('parseSignature', () => {
  it('reads who, when and how', () => {
    expect(
      parseSignature(made({ hashedSubpackets: [subpacket(3, uint32(60)), subpacket(9, uint32(70))] })),
    ).toMatchObject({
      type: 0,
      keyAlgorithm: 22,
      hash: 'sha256',
      created: at('2024-06-01'),
      expiresAfter: 60,
      keyExpiresAfter: 70,
      issuerFingerprint: key.fingerprint,
      issuerKeyId: key.fingerprint.slice(-16),
      unsupported: undefined,
    });
  });

  it('believes nothing of the unhashed part but hints', () => {
    const signature = parseSignature(
      made({ unhashedSubpackets: [subpacket(9, uint32(1)), subpacket(27, Buffer.from([2])), subpacket(2, uint32(5))] }),
    );
    expect(signature).toMatchObject({ keyExpiresAfter: undefined, keyFlags: undefined, created: at('2024-06-01') });
  });

  it('takes an unknown subpacket, unless it is critical', () => {
    expect(parseSignature(made({ hashedSubpackets: [subpacket(100, Buffer.from('x'))] }))?.unsupported).toBeUndefined();
    expect(
      parseSignature(made({ hashedSubpackets: [subpacket(0x80 | 100, Buffer.from('x'))] }))?.unsupported,
    ).toContain('100');
    expect(parseSignature(made({ hashedSubpackets: [subpacket(0x80 | 20, Buffer.from('x'))] }))?.unsupported).toContain(
      '20',
    );
  });

  it('takes an embedded signature only of the kind that belongs there, and none inside it', () => {
    const back = made({ type: 0x19 });
    expect(parseSignature(made({ unhashedSubpackets: [subpacket(32, back)] }))?.embedded?.type).toBe(0x19);
    expect(parseSignature(made({ unhashedSubpackets: [subpacket(32, made())] }))?.embedded).toBeUndefined();
    const deep = made({ type: 0x19, unhashedSubpackets: [subpacket(32, back)] });
    expect(parseSignature(made({ unhashedSubpackets: [subpacket(32, deep)] }))?.embedded?.embedded).toBeUndefined();
  });

  it('does not read other versions', () => {
    expect(parseSignature(Buffer.from([3, 5, 0, 0, 0, 0]))).toBeUndefined();
  });

  it('refuses every cut of a good one', () => {
    const whole = made();
    for (let end = 1; end < whole.length; end += 1)
      expect(() => parseSignature(whole.subarray(0, end)), String(end)).toThrow('malformed OpenPGP data');
  });

  it('refuses one without a time, and a time of the wrong length', () => {
    const body = made({ issuer: 'none' });
    body[7] = 20; // the creation time becomes a notation
    expect(() => parseSignature(body)).toThrow('without a time');
    expect(() => parseSignature(made({ hashedSubpackets: [subpacket(3, Buffer.from([1]))] }))).toThrow('wrong length');
  });
});

describe('leftPad', () => {
  it('pads and refuses', () => {
    expect(leftPad(Buffer.from([1]), 3)).toEqual(Buffer.from([0, 0, 1]));
    expect(() => leftPad(Buffer.alloc(4), 3)).toThrow('too long');
  });
});
