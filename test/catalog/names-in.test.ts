import { expect, test } from 'vitest';
import { namesIn } from '../../src/catalog/names-in.ts';

test('identities are found in a text that nothing can parse', () => {
  const text = `{ "nodes": [ { "name": "a" "mac": "52-54-00-55-1C-EE", }
    {"uuid": "C6C30F6A-4a1b-4337-8325-c4c2543ad437", "serial" : "CZC 12"}`;
  expect(namesIn(text)).toEqual([
    'mac 52:54:00:55:1c:ee',
    'uuid c6c30f6a-4a1b-4337-8325-c4c2543ad437',
    'serial czc 12',
  ]);
});

test('what identifies nobody is not found', () => {
  expect(namesIn('"00000000-0000-0000-0000-000000000000" "52:54" "beef" "serial": ""')).toEqual([]);
});

test('a megabyte of quotes is soon read', () => {
  const begin = performance.now();
  namesIn('"'.repeat(1_000_000));
  namesIn(`"serial"${' '.repeat(1_000_000)}`);
  namesIn('"serial":'.repeat(100_000));
  expect(performance.now() - begin).toBeLessThan(5_000);
});
