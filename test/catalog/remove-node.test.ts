import { describe, expect, test } from 'vitest';
import { withNode, withoutNode } from '../../src/catalog/edit-nodes.ts';
import type { JsonObject } from '../../src/model/profile.ts';
import { LAYOUTS } from './node-layouts.ts';

const named =
  (name: string) =>
  (node: JsonObject): boolean =>
    node['name'] === name;

function parsed(text: string): { nodes?: readonly JsonObject[] } {
  return JSON.parse(text.replace('\uFEFF', '')) as { nodes?: readonly JsonObject[] };
}

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
