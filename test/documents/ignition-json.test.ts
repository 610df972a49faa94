import { describe, expect, test } from 'vitest';
import { Diagnostics } from '../../src/text/diagnostics.ts';
import { readIgnitionJson } from '../../src/documents/ignition.ts';

function read(text: string) {
  const findings = new Diagnostics(text);
  return { json: readIgnitionJson(text, findings), found: findings.sorted() };
}

test('values, and where they stand', () => {
  const text = '{"a": [1, {"b": "c"}],\n "d": null}';
  const { json, found } = read(text);
  expect(found).toEqual([]);
  expect(json?.value).toEqual({ a: [1, { b: 'c' }], d: null });
  expect(text.slice(json?.places.offset(['a', 1, 'b']))).toMatch(/^"c"/);
  expect(text.slice(json?.places.keyOffset(['a', 1, 'b']))).toMatch(/^"b"/);
  expect(text.slice(json?.places.offset(['a', 1, 'zz', 3]))).toMatch(/^\{"b"/);
  expect(text.slice(json?.places.keyOffset(['a', 0]))).toMatch(/^1/);
  expect(json?.places.offset(['zz'])).toBe(0);
});

describe('what is no JSON', () => {
  test.each([
    ['', 1],
    ['{', 1],
    ['{"a": 1,}', 1],
    ['{"a": 1} // c', 1],
    ['{"a": /* c */ 1}', 1],
    ["{'a': 1}", 1],
    ['{"a": 1\n "b": 2}', 1],
    ['{"a": 01}', 1],
    ['{"a": "\n"}', 1],
    [String.raw`{"a": "\x"}`, 1],
    ['{"a": NaN}', 1],
    ['[1] [2]', 1],
    ['\ufeff{}', 1],
    ['\n{"a": "x', 2],
  ])('%j', (text, line) => {
    const { json, found } = read(text);
    expect(json).toBeUndefined();
    expect(found[0]).toMatchObject({ severity: 'error', place: { line } });
  });
});

test('a key that stands there twice is an error at any depth', () => {
  const { found } = read('{"a": 1,\n "b": [{"c": 1,\n "c": 2}],\n "a": 3}');
  expect(found.map(({ message, place: { line } }) => [message, line])).toEqual([
    ['the key "c" stands here twice', 3],
    ['the key "a" stands here twice', 4],
  ]);
});

test('a hundred levels are read, one more is not', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  expect(read(nested(100)).found).toEqual([]);
  expect(read(nested(101)).found).toMatchObject([
    { message: 'the JSON is nested more than 100 levels deep', place: { column: 101 } },
  ]);
  expect(read(`["${'['.repeat(500)}"]`).found).toEqual([]);
});

test('__proto__ is a key like any other', () => {
  const value = read('{"__proto__": {"p": 1}}').json?.value;
  expect(Object.keys(value as object)).toEqual(['__proto__']);
  expect(({} as { p?: unknown }).p).toBeUndefined();
});
