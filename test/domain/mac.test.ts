import { describe, expect, it } from 'vitest';
import { macHyphens, parseMac } from '../../src/domain/mac.ts';

describe('parseMac', () => {
  it.each(['52:54:00:55:1c:ee', '52-54-00-55-1C-EE', '525400551cee', '5254.0055.1CEE'])('reads %s', (text) => {
    expect(parseMac(text)).toBe('52:54:00:55:1c:ee');
  });
  it.each([
    '',
    '52:54:00:55:1c',
    '52:54:00:55:1c:ee:00',
    '52:54:00:55:1c:eg',
    '52:54-00:55:1c:ee',
    '52:54:00:55:1c:ee\n',
    'a'.repeat(28),
    ' 525400551cee',
  ])('refuses %j', (text) => {
    expect(parseMac(text)).toBeUndefined();
  });
  it('writes hyphens', () => {
    const mac = parseMac('525400551cee');
    expect(mac && macHyphens(mac)).toBe('52-54-00-55-1c-ee');
  });
});
