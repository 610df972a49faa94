import { describe, expect, it } from 'vitest';
import { encodeAck, encodeData, encodeError, encodeOack, encodeRequest } from '../../src/tftp/encode.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('encode', () => {
  it('writes the packets of RFC 1350 and 2347 byte for byte', () => {
    expect(hex(encodeData(258, Buffer.from('hi')))).toBe('000301026869');
    expect(hex(encodeAck(0))).toBe('00040000');
    expect(hex(encodeError(5, 'no'))).toBe('000500056e6f00');
    expect(hex(encodeOack([{ name: 'TSize', value: '9' }]))).toBe(`0006${hex(Buffer.from('TSize\x009\0'))}`);
    const request = { name: 'f', mode: 'octet', options: [{ name: 'blksize', value: '8' }] };
    expect(hex(encodeRequest('rrq', request))).toBe(`0001${hex(Buffer.from('f\0octet\0blksize\x008\0'))}`);
  });

  it('lets block 65535 be followed by 0', () => {
    expect([65535, 65536, 65537].map((block) => hex(encodeAck(block)))).toEqual(['0004ffff', '00040000', '00040001']);
  });
});
