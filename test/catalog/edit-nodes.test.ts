import { parseTree, type Node as Tree } from 'jsonc-parser';
import { describe, expect, test } from 'vitest';
import { fileStyle, layoutOf, objectText, plainLayout, withNode } from '../../src/catalog/edit-nodes.ts';
import type { JsonObject } from '../../src/model/profile.ts';
import { seeded } from './data-folder.ts';
import { LAYOUTS } from './node-layouts.ts';

function tree(text: string): Tree {
  const root = parseTree(text);
  if (root === undefined) throw new TypeError(text);
  return root;
}

test.each([
  ['{\n  "a": 1\n}', '\n', '  ', true],
  ['{\r\n\t"a":1}', '\r\n', '\t', false],
  ['{"a":1}', '\n', '', false],
  ['{"a":1, "b":2}', '\n', '', true],
  ['{}', '\n', '  ', true],
  ['{\n"a": 1\n}', '\n', '  ', true],
])('the style of %j', (text, eol, indent, blanks) => {
  expect(fileStyle(text, tree(text))).toEqual({ eol, indent, blanks });
});

test.each([
  ['{ "a" : 1 , "b":2 }', { open: ' ', between: ' , ', close: ' ', colon: ' : ' }],
  ['{"a":1}', { open: '', between: ',', close: '', colon: ':' }],
  ['{"a": 1}', { open: '', between: ', ', close: '', colon: ': ' }],
  ['{\n  "a": 1\n}', { open: '\n  ', between: ',\n  ', close: '\n', colon: ': ' }],
  ['[1,2,\n\n3,4]', { open: '', between: ',', close: '', colon: ':' }],
  ['[1,\n2, 3]', { open: '', between: ', ', close: '', colon: ':' }],
])('the layout of %j', (text, layout) => {
  expect(layoutOf(text, tree(text))).toEqual(layout);
});

test('an empty one has none', () => {
  expect(layoutOf('{ }', tree('{ }'))).toBeUndefined();
});

test('an object in a layout of its own', () => {
  const style = { eol: '\r\n', indent: '\t', blanks: true };
  expect(objectText({ a: 1, b: { c: [1] } }, plainLayout(style, undefined), style)).toBe(
    '{ "a": 1, "b": { "c": [1] } }',
  );
  expect(objectText({ a: 1, b: { c: 2 } }, plainLayout(style, '\t'), style)).toBe(
    '{\r\n\t\t"a": 1,\r\n\t\t"b": {\r\n\t\t\t"c": 2\r\n\t\t}\r\n\t}',
  );
  const tight = { ...style, blanks: false };
  expect(objectText({ a: 'x"', b: [] }, plainLayout(tight, undefined), tight)).toBe('{"a":"x\\"","b":[]}');
});

const NEW = { name: 'new', mac: '52:54:00:00:00:09' };
const BOM = '\uFEFF';

function parsed(text: string): { nodes?: readonly unknown[] } {
  return JSON.parse(text.replace(BOM, '')) as { nodes?: readonly unknown[] };
}

/** As edit-profile does: without the mark. */
function added(text: string, node: JsonObject): string {
  const mark = text.startsWith(BOM) ? BOM : '';
  return mark + withNode(text.slice(mark.length), node);
}

/** The one place where the longer text has more; the rest of both is the same. */
function onlyInserts(before: string, after: string): boolean {
  let head = 0;
  while (head < before.length && before[head] === after[head]) head += 1;
  return after.endsWith(before.slice(head));
}

describe('a node is set as its neighbours are', () => {
  test.each(LAYOUTS)('%s', (_, before, after) => {
    expect(added(before, NEW)).toBe(after);
    const was = parsed(before);
    expect(parsed(after)).toEqual({ ...was, nodes: [...(was.nodes ?? []), NEW] });
  });

  test.each(LAYOUTS.filter(([, before]) => !/\[\s*\]|^\{\}/.test(before)))('nothing else changes: %s', (_, before) => {
    expect(onlyInserts(before, added(before, NEW))).toBe(true);
  });
});

test('what a node holds is set like the node', () => {
  const node = { name: 'n', vars: { a: [1, { b: null }], c: {}, d: [] } };
  const line = withNode('{\n  "nodes": [\n    { "name": "a", "serial": "1" }\n  ]\n}\n', node);
  expect(line).toContain(',\n    { "name": "n", "vars": { "a": [1, { "b": null }], "c": {}, "d": [] } }\n  ]');
  const lines = withNode(
    '{\r\n\t"nodes": [\r\n\t\t{\r\n\t\t\t"name": "a",\r\n\t\t\t"serial": "1"\r\n\t\t}\r\n\t]\r\n}\r\n',
    {
      name: 'n',
      vars: { a: 1 },
    },
  );
  expect(lines).toContain(
    '\t\t{\r\n\t\t\t"name": "n",\r\n\t\t\t"vars": {\r\n\t\t\t\t"a": 1\r\n\t\t\t}\r\n\t\t}\r\n\t]',
  );
});

test.each(['[]', '12', '{"nodes": {}}', '{"nodes": null}'])('what is no profile is refused: %s', (text) => {
  expect(() => withNode(text, NEW)).toThrow(expect.objectContaining({ code: 'broken' }) as Error);
});

test('of a thousand layouts made by chance, each one keeps all that it had', () => {
  const chance = seeded(5);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)] as T;
  for (let round = 0; round < 1000; round += 1) {
    const eol = pick(['\n', '\r\n']);
    const space = (): string => pick(['', '', ' ', eol, `${eol}  `, '\t', `${eol}${eol}    `]);
    const list = (open: string, close: string, items: readonly string[]): string =>
      `${open}${space()}${items.join(`${space()},${space()}`)}${items.length === 0 ? '' : space()}${close}`;
    const node = (i: number): string =>
      list('{', '}', [`"name"${space()}:${space()}"n${i}"`, `"serial":"\u017d${i}, ] }"`].slice(0, pick([1, 2])));
    const nodes = list(
      '[',
      ']',
      Array.from({ length: pick([0, 1, 2, 3]) }, (_, i) => node(i)),
    );
    const keys = ['"root":"},{"', `"nodes"${space()}:${space()}${nodes}`, '"vars":{"nodes":[{}]}'];
    const before = `${space()}${list('{', '}', pick([keys, keys.slice(1), keys.slice(0, 2), ['"root":"["'], []]))}${space()}`;
    const after = withNode(before, NEW);
    const was = parsed(before);
    expect(parsed(after), before).toEqual({ ...was, nodes: [...(was.nodes ?? []), NEW] });
    if ((was.nodes?.length ?? 0) > 0) expect(onlyInserts(before, after), before).toBe(true);
  }
});
