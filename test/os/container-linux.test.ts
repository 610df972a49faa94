import { describe, expect, it } from 'vitest';
import { BUILD_VERSION, shellValue } from '../../src/os/flatcar.ts';

describe('shellValue', () => {
  it.each([
    ['A=1\nB=2\n', '1'],
    ['A="1"', '1'],
    ["A='1'", '1'],
    ['A=""', ''],
    ['A="1\'', '"1\''],
    ['A=1\nA=1\n', undefined],
    ['AB=1\n', undefined],
    [' A=1\n', undefined],
    ['', undefined],
  ])('%j: %j', (text, value) => {
    expect(shellValue(text, 'A')).toBe(value);
  });
});

it('a build has three numbers', () => {
  expect(['1.2.3', '1298.6.0'].every((text) => BUILD_VERSION.test(text))).toBe(true);
  expect(['1.2', '1.2.3.4', '1.2.3\n', 'v1.2.3', '1..3'].some((text) => BUILD_VERSION.test(text))).toBe(false);
});
