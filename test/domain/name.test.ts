import { describe, expect, it } from 'vitest';
import { parseName } from '../../src/domain/name.ts';

describe('parseName', () => {
  it.each(['a', 'a-coreos', '_x', 'b.yml', 'Worker_1.ign', 'x+y', 'constructor', 'a'.repeat(128)])(
    'takes %s',
    (text) => {
      expect(parseName(text)).toBe(text);
    },
  );
  it.each([
    '',
    '.',
    '..',
    '.hidden',
    'a..b',
    'a/b',
    'a\\b',
    '../x',
    'a\0',
    'a b',
    'a\n',
    '%2e',
    '-x',
    'é',
    'a'.repeat(129),
  ])('refuses %j', (text) => {
    expect(parseName(text)).toBeUndefined();
  });
});
