import { parseTree, type Node as Tree } from 'jsonc-parser';
import { expect, test } from 'vitest';
import { fileStyle, layoutOf, objectText, plainLayout } from '../../src/catalog/json-layout.ts';

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
