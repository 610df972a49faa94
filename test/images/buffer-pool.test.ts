import { describe, expect, test } from 'vitest';
import { BufferPool, capacityFor, SMALLEST } from '../../src/images/buffer-pool.ts';

describe('BufferPool', () => {
  test('gives a buffer again only after it was given back', () => {
    const pool = new BufferPool();
    const first = pool.allocate(SMALLEST);
    expect(pool.reuse(SMALLEST)).toBeUndefined();
    pool.give(first);
    expect(pool.reuse(SMALLEST * 2)).toBeUndefined();
    expect(pool.reuse(SMALLEST)).toBe(first);
    expect(pool.reuse(SMALLEST)).toBeUndefined();
  });

  test('counts what is lent and what is idle', () => {
    const pool = new BufferPool();
    const buffers = [pool.allocate(SMALLEST), pool.allocate(SMALLEST * 4)];
    expect([pool.allocated, pool.idle]).toEqual([SMALLEST * 5, 0]);
    for (const buffer of buffers) pool.give(buffer);
    expect([pool.allocated, pool.idle]).toEqual([SMALLEST * 5, SMALLEST * 5]);
    pool.reuse(SMALLEST * 4);
    expect([pool.allocated, pool.idle]).toEqual([SMALLEST * 5, SMALLEST]);
  });

  test('lets go of idle buffers only, and of no more than needed', () => {
    const pool = new BufferPool();
    const buffers = [1, 2, 3, 4].map(() => pool.allocate(SMALLEST));
    for (const buffer of buffers.slice(1)) pool.give(buffer);
    pool.shrink(SMALLEST * 3);
    expect([pool.allocated, pool.idle]).toEqual([SMALLEST * 3, SMALLEST * 2]);
    pool.shrink(0);
    expect([pool.allocated, pool.idle]).toEqual([SMALLEST, 0]);
    expect(pool.reuse(SMALLEST)).toBeUndefined();
  });
});

test('capacities are powers of two', () => {
  expect([0, 1, SMALLEST, SMALLEST + 1, 1024 * 1024, 1024 * 1024 + 1].map(capacityFor)).toEqual([
    SMALLEST,
    SMALLEST,
    SMALLEST,
    SMALLEST * 2,
    1024 * 1024,
    2 * 1024 * 1024,
  ]);
});
