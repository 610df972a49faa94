import { expect, test } from 'vitest';
import { makeReply } from '../../src/http/reply.ts';
import { ScriptCache } from '../../src/http/machine-handler.ts';

const reply = (text: string) => makeReply(200, [], Buffer.from(text));

test('repeats within the same generation, for a second', () => {
  const cache = new ScriptCache();
  const one = reply('one');
  cache.set('k', 'script', one, 7, 1000);
  expect(cache.get('k', 7, 1999)).toMatchObject({ kind: 'script', reply: one });
  expect(cache.get('other', 7, 1000)).toBeUndefined();
  expect(cache.get('k', 7, 2000)).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test('a new generation ends it at once', () => {
  const cache = new ScriptCache();
  cache.set('k', 'script', reply('one'), 7, 1000);
  expect(cache.get('k', 8, 1000)).toBeUndefined();
  cache.set('k', 'script', reply('two'), 8, 1000);
  expect(cache.get('k', 8, 1000)?.reply.body.toString()).toBe('two');
});

test('holds so many entries, the newest', () => {
  const cache = new ScriptCache({ maxEntries: 2, maxBytes: 1e6, maxAge: 1000 });
  for (const key of ['a', 'b', 'c']) cache.set(key, 'script', reply(key), 1, 0);
  expect(['a', 'b', 'c'].map((key) => cache.get(key, 1, 0)?.reply.body.toString())).toEqual([undefined, 'b', 'c']);
});

test('holds so many bytes, keys included, and nothing that is larger by itself', () => {
  const cache = new ScriptCache({ maxEntries: 100, maxBytes: 4096, maxAge: 1000 });
  for (let i = 0; i < 50; i += 1) {
    cache.set(`${i}${'k'.repeat(500)}`, 'script', reply('x'), 1, 0);
    expect(cache.bytes).toBeLessThanOrEqual(4096);
  }
  expect(cache.bytes).toBeGreaterThan(1024);
  cache.set('huge', 'script', reply('x'.repeat(5000)), 1, 0);
  expect(cache.get('huge', 1, 0)).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

test('what has expired goes when something is added', () => {
  const cache = new ScriptCache();
  cache.set('old', 'script', reply('x'), 1, 0);
  const before = cache.bytes;
  cache.set('new', 'script', reply('x'), 1, 5000);
  expect(cache.bytes).toBe(before);
});

test('replacing an entry does not count it twice', () => {
  const cache = new ScriptCache();
  cache.set('k', 'script', reply('xx'), 1, 0);
  const before = cache.bytes;
  cache.set('k', 'script', reply('yy'), 1, 1);
  expect(cache.bytes).toBe(before);
});

test('an entry counts for its text, its key in UTF-16, and what the engine needs for both', () => {
  const cache = new ScriptCache({ maxEntries: 100, maxBytes: 2 * (512 + 2 * 4 + 10), maxAge: 1000 });
  cache.set('key1', 'script', reply('0123456789'), 1, 0);
  expect(cache.bytes).toBe(512 + 2 * 4 + 10);
  cache.set('key2', 'script', reply('0123456789'), 1, 0);
  expect([cache.get('key1', 1, 0), cache.get('key2', 1, 0)]).not.toContain(undefined);
  cache.set('key2', 'script', reply('0123456789a'), 1, 0);
  expect([cache.get('key1', 1, 0), cache.get('key2', 1, 0)?.reply.body.length]).toEqual([undefined, 11]);
});
