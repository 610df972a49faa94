import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion } from '../../src/model/profile.ts';

function order(a: string, b: string): number {
  const [x, y] = [parseVersion(a), parseVersion(b)];
  if (x === undefined || y === undefined) throw new TypeError('not versions');
  return Math.sign(compareVersions(x, y));
}

describe('compareVersions', () => {
  it.each([
    ['9.9.9', '10.0.0', -1],
    ['1298.6.0', '1298.10.0', -1],
    ['1298.6.0', '1298.6.0', 0],
    ['44.20260707.3.1', '44.20260608.3.0', 1],
    ['1.2', '1.2.1', -1],
    ['v1.14.0', 'v1.9.0', 1],
    ['20230607+deb12u15', '20230607+deb12u9', 1],
    ['99999999999999999998', '99999999999999999999', -1],
  ])('%s and %s', (a, b, expected) => {
    expect(order(a, b)).toBe(expected);
    expect(order(b, a)).toBe(expected === 0 ? 0 : -expected);
  });
});

describe('parseVersion', () => {
  it.each(['../../x', '1/2', '1.2.3\n', ';id', '', ' 1', 'a'.repeat(65), '<html>', '1..2'])('refuses %j', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});
