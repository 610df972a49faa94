import { describe, expect, test } from 'vitest';
import { readJson } from '../../src/catalog/profile-json.ts';
import { lines } from './data-folder.ts';

function told(text: string | Buffer): readonly string[] {
  return lines(readJson(Buffer.from(text), 'p.json').diagnostics.all);
}

test('a good file is its value, without a word', () => {
  const reading = readJson(Buffer.from('{ "a": [1, {"b": "é"}] }\r\n'), 'p.json');
  expect(reading.value).toEqual({ a: [1, { b: 'é' }] });
  expect(reading.diagnostics.all).toEqual([]);
});

describe('strict JSON', () => {
  test.each([
    ['', 'p.json:1:1: is empty (write a JSON object such as {} or delete the file)'],
    [' \n\t', 'p.json:1:1: is empty (write a JSON object such as {} or delete the file)'],
    ['{\n  // why\n  "a": 1\n}', 'p.json:2:3: is not JSON: a comment (remove it: JSON has none)'],
    ['{\n  "a": 1,\n}', 'p.json:2:9: is not JSON: a comma behind the last entry (remove it)'],
    ['{"a": [1, 2,]}', 'p.json:1:12: is not JSON: a comma behind the last entry (remove it)'],
    ['{"a": 1\n"b": 2}', 'p.json:1:8: is not JSON: a comma is missing (put it here, before the next entry)'],
    ['{"a" 1}', 'p.json:1:5: is not JSON: a colon is missing (write "name": value)'],
    ['{"a": 1', 'p.json:1:8: is not JSON: the object that begins in line 1 does not end (close it with })'],
    ['{} {}', 'p.json:1:4: is not JSON: more text behind its end (remove it: one object, { ... }, is the whole file)'],
    ["{'a': 1}", 'p.json:1:2: is not JSON: single quotes (write "a")'],
    ['{"a": "open\n}', 'p.json:1:7: is not JSON: a text that does not end on its line (close it with a double quote)'],
    ['{"a": "b\\\\\\x"}', 'p.json:1:11: is not JSON: a backslash in a text (write \\\\ for one backslash)'],
    ['{"a": "\t"}', 'p.json:1:8: is not JSON: a control character in a text (write \\t for it)'],
    ['{"a": 01}', 'p.json:1:7: is not JSON: a number that begins with 0 (write 1, or "01" where a text belongs)'],
  ])('%j', (text, line) => {
    expect(told(text)).toEqual([line]);
    expect(readJson(Buffer.from(text), 'p.json').value).toBeUndefined();
  });
});

describe('text that is not what it seems', () => {
  test('a byte order mark is read over, with a warning', () => {
    const reading = readJson(Buffer.from('\uFEFF{"a": 1}'), 'p.json');
    expect(reading.value).toEqual({ a: 1 });
    expect(lines(reading.diagnostics.all)).toEqual([
      'p.json:1:1: begins with a byte order mark, which JSON does not allow (save it as UTF-8 without BOM)',
    ]);
    expect(reading.diagnostics.all[0]?.severity).toBe('warning');
    expect(reading.places.value([])).toEqual({ line: 1, column: 1 });
  });

  test('broken UTF-8 is an error in its line', () => {
    const bytes = Buffer.concat([Buffer.from('{\n"a": "'), Buffer.from([0xc0, 0xae]), Buffer.from('"}')]);
    expect(told(bytes)).toEqual(['p.json:2:7: holds bytes that are not UTF-8 (save it as UTF-8)']);
  });

  test('UTF-16 is called by its name', () => {
    expect(told(Buffer.from('\uFEFF{}', 'utf16le'))).toEqual(['p.json:1:1: is UTF-16, not UTF-8 (save it as UTF-8)']);
  });

  test('a NUL is no JSON', () => {
    expect(told('{"a": 1}\0')[0]).toMatch(/^p\.json:1:9: is not JSON/);
  });

  test('200,000 brackets are refused, not recursed into', () => {
    expect(told('['.repeat(200_000))).toEqual(['p.json:1:65: is nested over 64 levels deep (flatten it)']);
    expect(told('{"a":'.repeat(200_000))[0]).toContain('64 levels');
  });
});

describe('keys', () => {
  test('one that is there twice is an error that names both lines', () => {
    expect(told('{\n  "root": "a",\n  "vars": {"x": 1,\n    "x": 2},\n  "root": "b"\n}')).toEqual([
      'p.json:4:5 vars.x: the key `x` is here for the second time (first in line 3) (remove one of them)',
      'p.json:5:3 root: the key `root` is here for the second time (first in line 2) (remove one of them)',
    ]);
  });

  test('every twin is told where the first one is', () => {
    expect(told('{"a": 1,\n"a": 2,\n"a": 3}').map((line) => line.slice(-45))).toEqual([
      'second time (first in line 1) (remove one of them)'.slice(-45),
      'second time (first in line 1) (remove one of them)'.slice(-45),
    ]);
  });

  test.each(['__proto__', 'constructor', 'prototype'])(
    '%s is refused at every level, and nothing is polluted',
    (key) => {
      expect(told(`{"${key}": {"p": 1}}`)).toEqual([
        `p.json:1:2 ${key}: the key \`${key}\` is not allowed (choose another name)`,
      ]);
      const nested = readJson(Buffer.from(`{"vars": {"a": [{"${key}": {"p": 1}}]}}`), 'p.json');
      expect(nested.value).toBeUndefined();
      expect(nested.diagnostics.all[0]?.place.key).toBe(`vars.a[0].${key}`);
      expect(({} as Record<string, unknown>)['p']).toBeUndefined();
    },
  );

  test('an escaped spelling of __proto__ is the same key', () => {
    expect(told('{"\\u005f_proto__": 1}')[0]).toContain('not allowed');
  });

  test('a file full of twins says so twenty times, not a hundred thousand', () => {
    expect(told(`{${Array.from({ length: 50_000 }, () => '"a":1').join(',')}}`)).toHaveLength(20);
  });
});
