import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { addToYaml } from '../../src/text/yaml-edit.ts';

const LIST = { path: ['a', 'list'], value: { name: 'n', text: 'x: 1\ny\n' }, how: 'append' } as const;

describe('addToYaml', () => {
  test.each([
    ['into a list', '# head\na:\n  list:\n    - one  # first\nb: "2"   # kept\n'],
    ['into a list at the same column', 'a:\n  list:\n  - one\n  - two'],
    ['after a text block', 'a:\n  list:\n    - text: |\n        x\n\n          y\n\n# end\nb: 0644\n'],
    ['with a list beside others', 'a:\n  other: off\n# end\nb: >-\n  long\n  text\n'],
    ['with a map and a list', 'b:   [ 1,2 ]\n# end\n'],
    ['to a document without an end', 'b: 1'],
    ['to nothing but comments', '#cloud-config\n'],
    ['after an empty item', 'a:\n  list:\n    - one\n    -\nb: 1\n'],
    ['with anchors', 'b: &x {k: v}\na:\n  list:\n    - *x\nc: *x\n'],
  ])('adds %s and changes no other byte', (_name, text) => {
    const added = addToYaml(text, LIST) ?? '';
    const before = parse(text, { version: '1.1' }) as { a?: { list?: unknown[] } } | null;
    const after = parse(added, { version: '1.1' }) as { a: { list: unknown[] } };
    expect(after.a.list).toEqual([...(before?.a?.list ?? []), LIST.value]);
    expect({ ...after, a: undefined }).toEqual({ ...before, a: undefined });
    // What is there stays there, in two pieces at most.
    const ended = text.endsWith('\n') ? text : `${text}\n`;
    const cuts = Array.from({ length: ended.length + 1 }, (_, cut) => cut);
    expect(cuts.some((cut) => added.startsWith(ended.slice(0, cut)) && added.endsWith(ended.slice(cut)))).toBe(true);
  });

  test.each([
    ['flow style', '#cloud-config\n# note\nb: 1 # b\na: {list: [one]}\n'],
    ['an empty key', '#cloud-config\na:\n  list:\nb: 1\n'],
    ['a key without a value', '#cloud-config\na:\n'],
    ['an empty list', '#cloud-config\na:\n  list: []\n'],
  ])('writes %s anew, comments and header kept', (_name, text) => {
    const added = addToYaml(text, LIST) ?? '';
    const after = parse(added, { version: '1.1' }) as { a: { list: unknown[] } };
    expect(after.a.list.at(-1)).toEqual(LIST.value);
    expect(added.startsWith('#cloud-config\n')).toBe(true);
    for (const comment of text.match(/# \w+/g) ?? []) expect(added).toContain(comment);
    expect(added.match(/^a:/gm)).toHaveLength(1);
  });

  it('sets what is not there, and only that', () => {
    const set = { path: ['a', 'b'], value: { c: 1 }, how: 'set' } as const;
    expect(addToYaml('a:\n    x: 1\n', set)).toBe('a:\n    x: 1\n    b:\n      c: 1\n');
    expect(addToYaml('a:\n  b: mine\n', set)).toBe('a:\n  b: mine\n');
    expect(addToYaml('a:\n  b: false\n', set)).toBe('a:\n  b: false\n');
  });

  test.each([
    ['no YAML', 'a: [\n'],
    ['text', 'just text\n'],
    ['a list where a map should be', 'a:\n  - x\n'],
    ['a map where a list should be', 'a:\n  list:\n    x: 1\n'],
    ['text where a list should be', 'a:\n  list: x\n'],
    ['an alias where a list should be', 'x: &x [1]\na:\n  list: *x\n'],
    [
      'a billion laughs',
      `x0: &x0 [l]\n${[...Array(30).keys()].map((i) => `x${i + 1}: &x${i + 1} [*x${i}, *x${i}, *x${i}]\n`).join('')}a:\n  b: 1\n`,
    ],
    ['too many levels', `a: ${'['.repeat(20_000)}`],
  ])('leaves %s alone', (_name, text) => {
    expect(addToYaml(text, LIST)).toBeUndefined();
  });
});
