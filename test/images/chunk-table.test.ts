import { describe, expect, test } from 'vitest';
import { ChunkTable, type Chunk } from '../../src/images/chunk-table.ts';

const EMPTY = Buffer.alloc(0);

function chunk(key: string, users = 0, loading?: Promise<void>): Chunk {
  return { key, buffer: EMPTY, length: 0, users, loading };
}

function tableOf(random: () => number, ...chunks: Chunk[]): ChunkTable {
  const table = new ChunkTable(random);
  for (const one of chunks) table.add(one);
  return table;
}

describe('ChunkTable', () => {
  test('finds by key what was added and not removed', () => {
    const [a, b, c] = [chunk('a'), chunk('b'), chunk('c')];
    const table = tableOf(() => 0, a, b, c);
    table.remove(a);
    expect(table.get('a')).toBeUndefined();
    expect(table.get('b')).toBe(b);
    expect(table.get('c')).toBe(c);
    table.remove(c);
    table.remove(b);
    expect([table.get('b'), table.get('c'), table.victim()]).toEqual([undefined, undefined, undefined]);
  });

  test('draws the victim by lot', () => {
    const chunks = ['a', 'b', 'c', 'd'].map((key) => chunk(key));
    expect([0, 0.25, 0.5, 0.99].map((lot) => tableOf(() => lot, ...chunks).victim()?.key)).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  test('never one that is used or being loaded', () => {
    const free = chunk('free');
    const busy = [chunk('held', 1), chunk('loading', 0, Promise.resolve())];
    for (const lot of [0, 0.34, 0.67]) {
      expect(tableOf(() => lot, ...busy, free).victim()).toBe(free);
      expect(tableOf(() => lot, ...busy).victim()).toBeUndefined();
    }
  });
});
