import { expect, it } from 'vitest';
import { both16, both32, padded } from '../../src/exports/iso9660.ts';

it('writes numbers in both byte orders, and text with spaces behind', () => {
  expect(both32(0x01020304).toString('hex')).toBe('0403020101020304');
  expect(both16(0x0102).toString('hex')).toBe('02010102');
  expect(padded('ab', 4).toString()).toBe('ab  ');
});
