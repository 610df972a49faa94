import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bearerOf, createTokenCheck, sameText } from '../../../src/admin/auth/token.ts';

test('the token is the token, to the last letter', () => {
  const check = createTokenCheck('0123456789abcdef');
  expect(check('0123456789abcdef')).toBe(true);
  for (const wrong of ['', '0123456789abcde', '0123456789abcdef0', '0123456789abcdeF', ' 0123456789abcdef']) {
    expect(check(wrong), wrong).toBe(false);
  }
  expect(check('x'.repeat(100_000))).toBe(false);
  expect([sameText('a', 'a'), sameText('a', 'b'), sameText('', 'a')]).toEqual([true, false, false]);
});

test('nothing but digests of one length is compared, in constant time', () => {
  const source = readFileSync(new URL('../../../src/admin/auth/token.ts', import.meta.url), 'utf8');
  expect(source.match(/timingSafeEqual\(digest\(given\), (?:wanted|digest\(wanted\))\)/g)).toHaveLength(2);
  expect(source).not.toMatch(/given ===|=== given|===\s*token/);
});

test.each([
  ['Bearer abc', 'abc'],
  ['bearer   abc', 'abc'],
  ['BEARER a.b_c~d+e/f=', 'a.b_c~d+e/f='],
  ['Bearer', undefined],
  ['Bearer ', undefined],
  ['Bearer a b', undefined],
  ['Basic YTpi', undefined],
  ['Bearer \u00e4', undefined],
])('%j carries %j', (line, token) => {
  expect(bearerOf(line)).toBe(token);
});
