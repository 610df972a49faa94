import { describe, expect, test } from 'vitest';
import { withNode, withoutNode } from '../../src/catalog/edit-profile.ts';
import type { JsonObject } from '../../src/model/profile.ts';
import { seeded } from '../catalog/data-folder.ts';
import { LAYOUTS } from './node-layouts.ts';

const NEW = { name: 'new', mac: '52:54:00:00:00:09' };
const BOM = '\uFEFF';

function parsed(text: string): { nodes?: readonly JsonObject[] } {
  return JSON.parse(text.replace(BOM, '')) as { nodes?: readonly JsonObject[] };
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

const named =
  (name: string) =>
  (node: JsonObject): boolean =>
    node['name'] === name;

describe('what was added is taken away again without a trace', () => {
  test.each(LAYOUTS.filter(([, before]) => (parsed(before).nodes?.length ?? 0) > 0))('%s', (_, before, after) => {
    const text = before.replace('\uFEFF', '');
    expect(withoutNode(after.replace('\uFEFF', ''), named('new'))).toEqual({
      text,
      node: { name: 'new', mac: '52:54:00:00:00:09' },
    });
  });
});

describe('each node of each layout can go', () => {
  test.each(LAYOUTS)('%s', (_, _before, after) => {
    const text = after.replace('\uFEFF', '');
    const nodes = parsed(text).nodes ?? [];
    for (const { name } of nodes) {
      const taken = withoutNode(text, named(name as string));
      expect(parsed(taken?.text ?? '')).toEqual({
        ...parsed(text),
        nodes: nodes.filter((one) => one['name'] !== name),
      });
    }
  });
});

test('the first, one in the middle, the last, the only one', () => {
  const text = '{\n  "nodes": [\n    {"name":"a"},\n    {"name":"b"},\n    {"name":"c"}\n  ]\n}\n';
  const without = (name: string): string | undefined => withoutNode(text, named(name))?.text;
  expect(without('a')).toBe('{\n  "nodes": [\n    {"name":"b"},\n    {"name":"c"}\n  ]\n}\n');
  expect(without('b')).toBe('{\n  "nodes": [\n    {"name":"a"},\n    {"name":"c"}\n  ]\n}\n');
  expect(without('c')).toBe('{\n  "nodes": [\n    {"name":"a"},\n    {"name":"b"}\n  ]\n}\n');
  expect(withoutNode('{ "nodes": [ {"name":"a"} ], "x": 1 }', named('a'))?.text).toBe('{ "nodes": [], "x": 1 }');
});

test('of two that are wanted the first one goes; what is no node stays', () => {
  const text = '{"nodes":[null,{"name":"a","serial":"1"},{"name":"a","serial":"2"}]}';
  expect(withoutNode(text, named('a'))?.text).toBe('{"nodes":[null,{"name":"a","serial":"2"}]}');
});

test.each(['{"nodes":[{"name":"b"}]}', '{"nodes":[]}', '{}', '[]'])('nothing to take away: %s', (text) => {
  expect(withoutNode(text, named('a'))).toBeUndefined();
});

test('a list that is none is told', () => {
  expect(() => withoutNode('{"nodes": 3}', named('a'))).toThrow('`nodes` is not a list');
});

test('added and taken away, however often', () => {
  let text = '{\n    "nodes": [ { "name": "a" } ]\n}\n';
  const start = text;
  for (const name of ['b', 'c', 'd']) text = withNode(text, { name });
  for (const name of ['c', 'd', 'b']) text = withoutNode(text, named(name))?.text ?? '';
  expect(text).toBe(start);
});
