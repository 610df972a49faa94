import { describe, expect, it } from 'vitest';
import { lineDiff } from '../../../src/admin/service/line-diff.ts';

const show = (a: string, b: string): string[] => lineDiff(a, b).map(({ sign, text }) => `${sign}${text}`);
const text = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe('a diff', () => {
  it('of equal texts has no signs', () => {
    expect(show('a\nb\n', 'a\nb\n')).toEqual([' a', ' b']);
  });

  it('of nothing and something', () => {
    expect(show('', 'a\nb')).toEqual(['+a', '+b']);
    expect(show('a\n', '')).toEqual(['-a']);
    expect(show('', '')).toEqual([]);
  });

  it('shows what was replaced, in its place', () => {
    expect(show(text('1', '2', '3'), text('1', 'two', '3'))).toEqual([' 1', '-2', '+two', ' 3']);
  });

  it('is as short as possible', () => {
    expect(
      show(text('a', 'b', 'c', 'a', 'b', 'b', 'a'), text('c', 'b', 'a', 'b', 'a', 'c')).filter(
        (line) => line[0] !== ' ',
      ),
    ).toHaveLength(5);
  });

  it('does not care how lines end', () => {
    expect(show('a\r\nb\r\n', 'a\nb\n')).toEqual([' a', ' b']);
  });

  it('turns one text into the other, whatever they are', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
    for (let round = 0; round < 300; round += 1) {
      const make = (): string[] => Array.from({ length: random(14) }, () => 'abcd'[random(4)] ?? '');
      const [a, b] = [make(), make()];
      const diff = lineDiff(text(...a), text(...b));
      expect(diff.filter(({ sign }) => sign !== '+').map((line) => line.text)).toEqual(a);
      expect(diff.filter(({ sign }) => sign !== '-').map((line) => line.text)).toEqual(b);
    }
  });

  it('gives up on an alignment of texts that have nothing in common, at once', () => {
    const a = Array.from({ length: 4000 }, (_, i) => `a${i}`);
    const b = Array.from({ length: 4000 }, (_, i) => `b${i}`);

    const diff = lineDiff(text(...a), text(...b));
    expect(diff.slice(0, 4000).every(({ sign }) => sign === '-')).toBe(true);
    expect(diff).toHaveLength(8000);
  });
});
