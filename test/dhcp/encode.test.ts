import { describe, expect, it } from 'vitest';
import { address, encodeDhcp } from '../../src/dhcp/encode.ts';

const BASE = { op: 2, xid: 1, mac: '52:54:00:55:1c:ee' };

describe('encodeDhcp', () => {
  it('is never shorter than 300 bytes and ends its options', () => {
    const bytes = encodeDhcp({ ...BASE, options: [[53, Buffer.from([2])]] });
    expect(bytes.length).toBe(300);
    expect(bytes.toString('hex', 236, 246)).toBe('63825363350102ff0000');
  });

  it('puts every field where RFC 2131 has it', () => {
    const bytes = encodeDhcp({ ...BASE, flags: 0x8000, siaddr: '192.168.122.10', file: 'a.efi', options: [] });
    expect(bytes.toString('hex', 0, 12)).toBe('020106000000000100008000'.slice(0, 24));
    expect(bytes.toString('hex', 20, 24)).toBe('c0a87a0a');
    expect(bytes.toString('hex', 28, 36)).toBe('525400551cee0000');
    expect(bytes.toString('latin1', 108, 114)).toBe('a.efi\0');
  });

  it('always leaves a zero behind the file name', () => {
    const bytes = encodeDhcp({ ...BASE, file: 'x'.repeat(200), options: [] });
    expect([bytes[234], bytes[235]]).toEqual([0x78, 0]);
  });

  it('splits a long value (RFC 3396) and writes an empty one', () => {
    const bytes = encodeDhcp({
      ...BASE,
      options: [
        [67, Buffer.alloc(300, 'x')],
        [97, Buffer.alloc(0)],
      ],
    });
    expect([bytes[240], bytes[241], bytes[497], bytes[498]]).toEqual([67, 255, 67, 45]);
    expect(bytes.toString('hex', 544, 547)).toBe('6100ff');
  });
});

describe('address', () => {
  it.each([
    ['192.168.0.1', 'c0a80001'],
    ['256.1.1.1', '00000000'],
    ['1.2.3', '00000000'],
    ['::1', '00000000'],
    [undefined, '00000000'],
  ])('writes %s as %s', (text, hex) => {
    expect(address(text).toString('hex')).toBe(hex);
  });
});
