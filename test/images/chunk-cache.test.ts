import { describe, expect, test } from 'vitest';
import { type Chunk, ChunkCache, type ChunkSource, ChunkTable, type Slice } from '../../src/images/chunk-cache.ts';

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

const KIB = 1024;
const CHUNK = 64 * KIB;

/** A file whose bytes say where they are from. Reads wait until `go` when it is `gated`. */
class FakeSource implements ChunkSource {
  readonly id: string;
  readonly size: number;
  readonly reads: number[] = [];
  failing = false;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  constructor(size: number, id = 'f') {
    this.size = size;
    this.id = id;
  }

  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  go(): void {
    this.#open();
  }

  async readInto(target: Buffer, position: number): Promise<void> {
    this.reads.push(position);
    await this.#gate;
    if (this.failing) throw new RangeError('changed');
    for (let at = 0; at < target.length; at += KIB) {
      target.subarray(at, at + KIB).fill(markOf(this.id, position + at));
    }
  }
}

function markOf(id: string, position: number): number {
  return (id.charCodeAt(0) + Math.floor(position / KIB)) % 251;
}

function expectBytes(source: FakeSource, slice: Slice, start: number): void {
  expect(slice.bytes[0]).toBe(markOf(source.id, start));
  expect(slice.bytes.at(-1)).toBe(markOf(source.id, start + slice.bytes.length - 1));
}

/** Sixteen chunks of 64 KiB, twelve of which may be held. */
function smallCache(random?: () => number): ChunkCache {
  return new ChunkCache(16 * CHUNK, CHUNK, random);
}

describe('slices', () => {
  test('are the bytes that were asked for, up to the end of a chunk', async () => {
    const cache = smallCache();
    const source = new FakeSource(3 * CHUNK + 5 * KIB);
    for (const [start, end, length] of [
      [0, source.size, CHUNK],
      [10 * KIB, source.size, CHUNK - 10 * KIB],
      [CHUNK, CHUNK + KIB, KIB],
      [3 * CHUNK, source.size, 5 * KIB],
      [source.size - 1, source.size, 1],
    ] as const) {
      const slice = await cache.slice(source, start, end);
      expect(slice.bytes).toHaveLength(length);
      expectBytes(source, slice, start);
      slice.release();
    }
  });

  test('come at once when the chunk is there', async () => {
    const cache = smallCache();
    const source = new FakeSource(CHUNK);
    const first = cache.slice(source, 0, CHUNK);
    expect(first).toBeInstanceOf(Promise);
    await first;
    expect(cache.slice(source, 0, CHUNK)).not.toBeInstanceOf(Promise);
  });

  test('cost one read, however many ask at the same time', async () => {
    const cache = smallCache();
    const source = new FakeSource(CHUNK);
    const slices = await Promise.all(Array.from({ length: 100 }, async () => cache.slice(source, 0, CHUNK)));
    expect(source.reads).toEqual([0]);
    for (const slice of slices) expect(slice.bytes.buffer).toBe(slices[0]?.bytes.buffer);
    expect(cache.counters).toMatchObject({ hits: 99, misses: 1, reads: 1, bytes: CHUNK });
  });

  test('of two versions of a file never mix', async () => {
    const cache = smallCache();
    const [old, now] = [new FakeSource(CHUNK, 'old'), new FakeSource(CHUNK, 'new')];
    const slices = await Promise.all([cache.slice(old, 0, CHUNK), cache.slice(now, 0, CHUNK)]);
    expectBytes(old, slices[0], 0);
    expectBytes(now, slices[1], 0);
  });
});

describe('read-ahead', () => {
  test('fetches the next three chunks, once', async () => {
    const cache = smallCache();
    const source = new FakeSource(8 * CHUNK);
    const slice = await cache.slice(source, 0, source.size);
    expect(source.reads).toEqual([0, CHUNK, 2 * CHUNK, 3 * CHUNK]);
    slice.release();
    const next = await cache.slice(source, CHUNK, source.size);
    expect(source.reads).toEqual([0, CHUNK, 2 * CHUNK, 3 * CHUNK, 4 * CHUNK]);
    expectBytes(source, next, CHUNK);
    expect(cache.counters).toMatchObject({ hits: 1, misses: 1, reads: 5 });
  });

  test('does not go beyond what the reader wants', async () => {
    const source = new FakeSource(8 * CHUNK);
    await smallCache().slice(source, 0, CHUNK + 1);
    expect(source.reads).toEqual([0, CHUNK]);
  });

  test('that fails is tried again by the reader who gets there', async () => {
    const cache = smallCache();
    const source = new FakeSource(2 * CHUNK);
    (await cache.slice(source, 0, CHUNK)).release();
    source.failing = true;
    (await cache.slice(source, 0, source.size)).release();
    await new Promise((resolve) => setImmediate(resolve));
    source.failing = false;
    expectBytes(source, await cache.slice(source, CHUNK, source.size), CHUNK);
  });
});

describe('a read that fails', () => {
  test('is heard by everybody who waits, and forgotten', async () => {
    const cache = smallCache();
    const source = new FakeSource(CHUNK);
    source.failing = true;
    const results = await Promise.allSettled([1, 2].map(async () => cache.slice(source, 0, CHUNK)));
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    source.failing = false;
    expectBytes(source, await cache.slice(source, 0, CHUNK), 0);
    expect(cache.counters.bytes).toBe(CHUNK);
  });
});

describe('memory', () => {
  test('stays below the limit over a long file, and its buffers are used again', async () => {
    const cache = smallCache();
    const source = new FakeSource(100 * CHUNK);
    const memories = new Set<unknown>();
    for (let position = 0; position < source.size; position += CHUNK) {
      const slice = await cache.slice(source, position, source.size);
      expectBytes(source, slice, position);
      memories.add(slice.bytes.buffer);
      slice.release();
      expect(cache.counters.bytes).toBeLessThanOrEqual(16 * CHUNK);
    }
    expect(memories.size).toBeLessThanOrEqual(16);
  });

  test('that is lent is never written to', async () => {
    const cache = smallCache();
    const source = new FakeSource(200 * CHUNK);
    const held = await cache.slice(source, 0, CHUNK);
    const before = Buffer.from(held.bytes);
    for (let position = CHUNK; position < source.size; position += CHUNK) {
      (await cache.slice(source, position, source.size)).release();
    }
    expect(held.bytes.equals(before)).toBe(true);
    expect(source.reads.filter((position) => position === 0)).toHaveLength(1);
  });

  test('that was released twice is given to one reader only', async () => {
    const cache = new ChunkCache(0);
    const source = new FakeSource(4 * CHUNK);
    const first = await cache.slice(source, 0, CHUNK);
    first.release();
    first.release();
    const [a, b] = [await cache.slice(source, 0, CHUNK), await cache.slice(source, CHUNK, 2 * CHUNK)];
    expect(a.bytes.buffer).not.toBe(b.bytes.buffer);
    expectBytes(source, a, 0);
  });

  test('is bounded when 200 stalled readers hold 200 places', async () => {
    const cache = new ChunkCache(16 * 256 * KIB, 256 * KIB);
    const source = new FakeSource(200 * 256 * KIB);
    const slices: Slice[] = [];
    for (let reader = 0; reader < 200; reader += 1) {
      const start = reader * 256 * KIB;
      const slice = await cache.slice(source, start, source.size);
      expectBytes(source, slice, start);
      slices.push(slice);
    }
    const whole = slices.filter((slice) => slice.bytes.length === 256 * KIB).length;
    expect(whole).toBe(12);
    expect(slices.filter((slice) => slice.bytes.length === 64 * KIB)).toHaveLength(188);
    expect(cache.counters.bytes).toBeLessThanOrEqual((12 * 256 + 188 * 64) * KIB);
    for (const [reader, slice] of slices.entries()) expectBytes(source, slice, reader * 256 * KIB);
    for (const slice of slices) slice.release();
    expect(cache.counters.bytes).toBeLessThanOrEqual(16 * 256 * KIB);
    expect((await cache.slice(source, 0, source.size)).bytes).toHaveLength(256 * KIB);
  });

  test('beyond the budget a chunk that is there is copied from, not read again', async () => {
    // Budget: 12 chunks of 128 KiB. Eleven are held, one more is read ahead and left free, then the twelfth is held.
    const cache = new ChunkCache(16 * 2 * CHUNK, 2 * CHUNK);
    const source = new FakeSource(40 * 2 * CHUNK);
    for (let index = 0; index < 11; index += 1) await cache.slice(source, index * 2 * CHUNK, (index + 1) * 2 * CHUNK);
    (await cache.slice(source, 20 * 2 * CHUNK, 21 * 2 * CHUNK)).release();
    await cache.slice(source, 11 * 2 * CHUNK, 12 * 2 * CHUNK);
    const reads = source.reads.length;
    const copied = await cache.slice(source, 20 * 2 * CHUNK + 3 * KIB, source.size);
    expect(copied.bytes).toHaveLength(64 * KIB);
    expectBytes(source, copied, 20 * 2 * CHUNK + 3 * KIB);
    expect(source.reads).toHaveLength(reads);
    expect((await cache.slice(source, 0, source.size)).bytes).toHaveLength(2 * CHUNK);
  });

  test('of a reader who waits is not taken from under him', async () => {
    const cache = smallCache(() => 0);
    const [slow, fast] = [new FakeSource(CHUNK, 'slow'), new FakeSource(100 * CHUNK, 'fast')];
    slow.hold();
    const waiting = cache.slice(slow, 0, CHUNK);
    for (let position = 0; position < fast.size; position += CHUNK) {
      (await cache.slice(fast, position, fast.size)).release();
    }
    slow.go();
    expectBytes(slow, await waiting, 0);
  });

  test('of small files is small', async () => {
    const cache = new ChunkCache(256 * 1024 * KIB);
    await cache.slice(new FakeSource(100), 0, 100);
    expect(cache.counters.bytes).toBe(64 * KIB);
  });

  test('finds most of an image that is a little larger than itself, over and over', async () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const cache = new ChunkCache(64 * CHUNK, CHUNK, random);
    const source = new FakeSource(72 * CHUNK);
    for (let round = 0; round < 20; round += 1) {
      for (let position = 0; position < source.size; position += CHUNK) {
        (await cache.slice(source, position, position + CHUNK)).release();
      }
    }
    expect(cache.counters.misses / (20 * 72)).toBeLessThan(0.35);
  });
});
