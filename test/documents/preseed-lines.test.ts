import { describe, expect, it } from 'vitest';
import { readPreseed } from '../../src/documents/preseed-lines.ts';

function values(text: string) {
  return readPreseed(text).answers.map(({ question, value, start, end }) => [question, value, text.slice(start, end)]);
}

describe('readPreseed', () => {
  it('reads answers as the installer does', () => {
    expect(values('#c\n\nd-i a/b string  x y \r\n  d-i\tc/d\tboolean\ttrue\nd-i e/f note\nd-i g/h string')).toEqual([
      ['a/b', 'x y', 'x y'],
      ['c/d', 'true', 'true'],
      ['e/f', '', ''],
      ['g/h', '', ''],
    ]);
  });

  it('joins long lines with one blank; comments at the left edge and empty lines are not there', () => {
    expect(values('d-i a/b string one; \\\n# not me\n\n   two  \\\n\tthree\nd-i c/d string x\n')).toEqual([
      ['a/b', 'one; two three', 'one; \\\n# not me\n\n   two  \\\n\tthree'],
      ['c/d', 'x', 'x'],
    ]);
  });

  it('finds a value that begins in a later line', () => {
    expect(values('d-i a/b string \\\n  cmd \\\n  more\n')).toEqual([['a/b', 'cmd more', 'cmd \\\n  more']]);
    expect(values('d-i \\\n a/b \\\n string x\n')).toEqual([['a/b', 'x', 'x']]);
  });

  it('knows half a line at the end, which the installer drops', () => {
    expect(readPreseed('d-i a/b string x \\\n')).toEqual({ answers: [], open: true });
    expect(readPreseed('d-i a/b string x\n').open).toBe(false);
  });

  it('answers nothing without a question', () => {
    expect(values('hello\n\\\n')).toEqual([]);
  });
});
