import { describe, expect, it } from 'vitest';
import { uuidOf } from '../../src/dhcp/uuid.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('uuidOf', () => {
  it('swaps the first three fields', () => {
    expect(uuidOf(hex('0033221100554477668899aabbccddeeff'))).toBe('00112233-4455-6677-8899-aabbccddeeff');
    expect(uuidOf(hex('006a0fc3c61b4a37438325c4c2543ad437'))).toBe('c6c30f6a-4a1b-4337-8325-c4c2543ad437');
  });

  it('leaves the packet as it was', () => {
    const bytes = hex('0033221100554477668899aabbccddeeff');
    uuidOf(bytes);
    expect(bytes.toString('hex')).toBe('0033221100554477668899aabbccddeeff');
  });

  it.each(['', '00', '01'.repeat(17), '00'.repeat(16), '00'.repeat(18)])('is undefined for "%s"', (text) => {
    expect(uuidOf(hex(text))).toBeUndefined();
  });
});
