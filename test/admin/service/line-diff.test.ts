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

describe('of long texts', () => {
  const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

  it('shows what changed, and says how much is equal before and after', () => {
    const old = lines(150_000);
    const now = old.with(70_000, 'new');
    const shown = [' (70,000 equal lines before this)', '-70000', '+new', ' (79,999 equal lines after this)'];
    expect(show(text(...old), text(...now))).toEqual(shown);
    expect(show(old.join('\r\n'), now.join('\n'))).toEqual(shown);
  });

  it('shows what comes at the end, and what went', () => {
    const old = text(...lines(100_001));
    expect(show(old, `${old}new`)).toEqual([' (100,001 equal lines before this)', '+new']);
    expect(show(`${old}old\n`, old)).toEqual([' (100,001 equal lines before this)', '-old']);
    expect(show(old, old)).toEqual([' (100,001 equal lines before this)']);
  });

  it('compares no more than can be looked at: the largest profile is 16 MiB of line ends', () => {
    const diff = show('{}\n', '\n'.repeat(2 ** 24));
    expect(diff).toHaveLength(50_002);
    expect(diff.slice(-2)).toEqual(['+', ' (16,727,216 lines more, which are not compared)']);
  });
});
