import { describe, expect, test } from 'vitest';
import { checkRelative, shownPath } from '../../src/files/relative-path.ts';

describe('checkRelative', () => {
  test.each(['a', 'a/b.txt', '.hidden', 'a/..b', 'a/b..', '...', 'a b/c', 'images/flatcar/amd64/1.2.3+4/x.gz'])(
    'admits %j',
    (path) => {
      expect(() => {
        checkRelative(path);
      }).not.toThrow();
    },
  );

  test.each([
    '',
    '.',
    '..',
    '/etc/passwd',
    '../x',
    'a/../b',
    'a/..',
    'a/./b',
    'a//b',
    'a/',
    './a',
    'a\\b',
    '..\\x',
    'a\0b',
  ])('refuses %j', (path) => {
    expect(() => {
      checkRelative(path);
    }).toThrow(expect.objectContaining({ code: 'refused' }));
  });
});

describe('shownPath', () => {
  test('leaves an ordinary path as it is', () => {
    expect(shownPath('configs/ä.yml')).toBe('configs/ä.yml');
  });

  test('has no control characters, so that a log line stays a line', () => {
    expect(shownPath('a\r\nb\u001b[1mc\u0085\u2028d\0')).toBe('a??b?[1mc??d?');
  });

  test('is at most 200 characters long', () => {
    expect(shownPath('x'.repeat(200))).toHaveLength(200);
    expect(shownPath('x'.repeat(5000))).toBe(`${'x'.repeat(197)}...`);
  });
});
