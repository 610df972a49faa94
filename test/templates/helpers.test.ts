import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Failure } from '../../src/model/failure.ts';
import type { JsonObject } from '../../src/model/profile.ts';
import { own, truthy } from '../../src/templates/helpers.ts';
import { compileTemplate } from '../../src/templates/template.ts';

const VARS: JsonObject = {
  text: 'a"b\n\u2028\u0085\u007f',
  list: ['x', 1, true],
  map: { a: { b: null } },
  n: 5,
  yes: true,
};

function render(source: string): string {
  return compileTemplate(source, 'a.hbs').render({ vars: VARS });
}

test.each([
  ['{{json vars.map}}', '{"a":{"b":null}}'],
  ['{{json vars.list indent=2}}', '[\n  "x",\n  1,\n  true\n]'],
  ['{{yaml vars.text}}', String.raw`"a\"b\n\u2028\u0085\u007f"`],
  ['{{join vars.list}} {{join vars.list " - "}}', 'x,1,true x - 1 - true'],
  ['{{#if (eq vars.n 5)}}a{{/if}}{{#if (eq vars.n "5")}}b{{/if}}{{#if (ne vars.n 6)}}c{{/if}}', 'ac'],
  ['{{#if (not vars.yes)}}a{{/if}}{{#if (and vars.yes vars.n)}}b{{/if}}{{#if (or false vars.yes)}}c{{/if}}', 'bc'],
  [
    '{{has vars "map"}} {{has vars "map" "a" "b"}} {{has vars "map" "z"}} {{has vars "toString"}}',
    'true false false false',
  ],
  ['{{has vars "map" "a"}}', 'true'],
  [
    '{{lookup vars "n"}} {{lookup vars "z" default="d"}} {{lookup vars.list 0}} {{lookup vars "z" default=false}}',
    '5 d x false',
  ],
  ['[{{lookup vars.map.a "b" default="taken"}}]', '[taken]'],
  ['{{base64 "é"}}', 'w6k='],
  ['{{indent (json vars.list indent=2) 4}}', '[\n      "x",\n      1,\n      true\n    ]'],
  ['{{indent "a\n\nb\n" 2}}|', 'a\n\n  b|'],
])('%s', (source, expected) => {
  expect(render(source)).toBe(expected);
});

test('what yaml and json give is one YAML value, whatever is in it', () => {
  for (const value of [
    'a: b',
    'x\nusers:\n- name: evil',
    '# c',
    '- a',
    'yes',
    '0644',
    '\u0085x',
    "it's",
    '*a',
    '!!a',
    '',
  ]) {
    for (const helper of ['json', 'yaml']) {
      const text = compileTemplate(`hostname: {{${helper} v}}\n`, 'a.hbs').render({ v: value });
      expect(parse(text, { version: '1.1' })).toEqual({ hostname: value });
    }
  }
});

test('gzipBase64 gives the same bytes at any time, and gzip', () => {
  const packed = render('{{gzipBase64 "hello"}}');
  expect(gunzipSync(Buffer.from(packed, 'base64')).toString()).toBe('hello');
  expect(render('{{gzipBase64 "hello"}}')).toBe(packed);
  expect([...Buffer.from(packed, 'base64').subarray(4, 10)]).toEqual([0, 0, 0, 0, 2, 255]);
});

describe('wrong calls', () => {
  test.each([
    ['{{json}}', 'json: this helper needs one value'],
    ['{{json vars.n vars.n}}', 'json: this helper needs one value'],
    ['{{eq vars.n}}', 'eq: this helper needs two values'],
    ['{{join vars.n}}', 'join: join needs a list'],
    ['{{join vars.list vars.map}}', 'a list or an object is not text'],
    ['{{base64 vars.map}}', 'a list or an object is not text'],
    ['{{indent "a" "b"}}', 'indent needs a number'],
    ['{{indent "a" 101}}', 'indent needs a number'],
    ['{{json vars.n indent="x"}}', 'indent needs a number'],
    ['{{lookup vars}}', 'an object and the name of a key'],
    ['{{lookup vars "zz"}}', 'variable "zz" is not there'],
    ['{{lookup vars vars.map}}', 'is not text'],
  ])('%s', (source, expected) => {
    expect(() => render(source)).toThrow(Failure);
    expect(() => render(source)).toThrow(expected);
  });
});

test('own looks at no prototype', () => {
  expect(own({ a: 1 }, 'a')).toBe(1);
  expect(own(['x'], '0')).toBe('x');
  for (const key of ['toString', '__proto__', 'constructor']) expect(own({}, key)).toBeUndefined();
  for (const value of [undefined, null, 'text', 1]) expect(own(value, 'length')).toBeUndefined();
});

test('truth', () => {
  expect([0, '', null, false, []].some(truthy)).toBe(false);
  expect([1, 'a', true, [0], {}].every(truthy)).toBe(true);
});
