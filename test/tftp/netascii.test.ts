import { describe, expect, it } from 'vitest';
import { toNetascii } from '../../src/tftp/netascii.ts';

describe('toNetascii', () => {
  it.each([
    ['', ''],
    ['abc', 'abc'],
    ['a\nb', 'a\r\nb'],
    ['a\rb', 'a\r\0b'],
    ['a\r\nb', 'a\r\0\r\nb'],
    ['\n\n', '\r\n\r\n'],
    ['\xff\x00', '\xff\x00'],
  ])('writes %j as %j', (text, wire) => {
    expect(toNetascii(Buffer.from(text, 'latin1')).toString('latin1')).toBe(wire);
  });

  it('gives the same bytes however the text is cut', () => {
    const text = Buffer.from('line\r\n\rlast\n');
    for (let cut = 0; cut <= text.length; cut += 1) {
      const parts = [toNetascii(text.subarray(0, cut)), toNetascii(text.subarray(cut))];
      expect(Buffer.concat(parts)).toEqual(toNetascii(text));
    }
  });
});
