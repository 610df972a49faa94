import { describe, expect, test } from 'vitest';
import { Diagnostics } from '../../src/text/diagnostics.ts';
import { locate, readYaml, type YamlNode } from '../../src/text/yaml.ts';

function read(text: string, twice: 'error' | 'warning' = 'error') {
  const findings = new Diagnostics(text);
  const tree = readYaml(text, findings, twice);
  return { tree, findings: findings.sorted() };
}

function plain(node: YamlNode | undefined): unknown {
  if (node === undefined) return undefined;
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
}

test('YAML 1.1: off is false, 0644 is octal, and the words of the file are kept', () => {
  const { tree } = read('a: off\nb: 0644\nc: 12:30\nd: "0644"\ne: 2001-01-01\nf:\n');
  expect(plain(tree)).toEqual({ a: false, b: 420, c: 750, d: '0644', e: '2001-01-01', f: null });
  const sources =
    tree?.kind === 'map' ? tree.entries.map(({ value }) => (value.kind === 'scalar' ? value.source : '')) : [];
  expect(sources).toEqual(['off', '0644', '12:30', '0644', '2001-01-01', '']);
});

test('keys have their places, quotes included', () => {
  const text = 'a: 1\n"b-c" : {d: 2}\n? |-\n  e-f\n: 3\n';
  const { tree } = read(text);
  const words = tree?.kind === 'map' ? tree.entries.map(({ offset, end }) => text.slice(offset, end)) : [];
  expect(words).toEqual(['a', '"b-c"', '']);
});

test('aliases are followed, << is merged and what stands there wins', () => {
  const { tree, findings } = read('a: &x {b: 1, c: 2}\nd: *x\ne:\n  <<: *x\n  c: 3\nf:\n  <<: [*x, {g: 4}]\n');
  expect(findings).toEqual([]);
  expect(plain(tree)).toEqual({ a: { b: 1, c: 2 }, d: { b: 1, c: 2 }, e: { c: 3, b: 1 }, f: { b: 1, c: 2, g: 4 } });
});

describe('what is wrong is said with its line', () => {
  test.each([
    ['a: 1\n b: 2\n', 'error', 1],
    ['a: [1\n', 'error', 2],
    ['a: 1\na: 2\n', 'error', 2],
    ['a: 1\n---\nb: 2\n', 'warning', 2],
    ['a: *b\n', 'error', 1],
    ['a: &a [*a]\n', 'error', 1],
    ['[a]: 1\n', 'error', 1],
    ['a: "\n', 'error', 1],
    ['a:\n\t- b\n', 'error', 2],
  ])('%j', (text, severity, line) => {
    expect(read(text).findings[0]).toMatchObject({ severity, place: { line } });
  });

  test('a key that is there twice is as bad as its reader says', () => {
    const { tree, findings } = read('a: 1\na: 2\n', 'warning');
    expect(findings).toMatchObject([{ severity: 'warning', place: { line: 2 } }]);
    expect(plain(tree)).toEqual({ a: 2 });
  });

  test('too many values and too many levels', () => {
    const bomb = Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}, *a${i}]`).join(
      '\n',
    );
    expect(read(`a0: &a0 [1]\n${bomb}`).findings[0]?.message).toContain('200000');
    expect(read('['.repeat(150) + ']'.repeat(150)).findings[0]?.message).toContain('100 levels');
  });

  test.each<[string, (levels: number) => string]>([
    ['brackets', (n) => '['.repeat(n) + ']'.repeat(n)],
    ['braces', (n) => '{a: '.repeat(n) + '}'.repeat(n)],
    ['lists', (n) => '- '.repeat(n)],
    ['keys', (n) => '? '.repeat(n)],
    ['lines', (n) => Array.from({ length: n }, (_, i) => `${' '.repeat(i)}a:\n`).join('')],
  ])('%s that would end the stack of the library are not given to it', (_, text) => {
    expect(read(text(1000)).findings[0]?.message).toContain('too deep to be read');
    expect(read(text(1000)).tree).toBeUndefined();
    expect(read(text(200)).findings[0]?.message).not.toContain('too deep to be read');
  });

  test('brackets in texts and comments are no levels', () => {
    const many = '['.repeat(1000);
    expect(read(`a: "${many}"\nb: |\n  ${many}\n# ${many}\n`)).toMatchObject({ findings: [] });
  });
});

test('a path is located as far as it goes', () => {
  const text = 'a:\n  - b: 1\n    c: [x]\n';
  const { tree } = read(text);
  if (tree === undefined) throw new Error('no tree');
  const found = (...path: (string | number)[]) => text.slice(locate(tree, path).offset).split('\n')[0];
  expect(found('a')).toBe('a:');
  expect(found('a', 0)).toBe('b: 1');
  expect(found('a', 0, 'c')).toBe('c: [x]');
  expect(found('a', 0, 'c', 0)).toBe('x]');
  expect(found('a', 0, 'zz', 5)).toBe('b: 1');
  expect(found('a', 7)).toBe('a:');
});
