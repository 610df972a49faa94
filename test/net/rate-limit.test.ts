import { describe, expect, it } from 'vitest';
import { createRateLimit } from '../../src/net/rate-limit.ts';

describe('createRateLimit', () => {
  it('lets ten a second through for one key, whenever the second begins', () => {
    const limit = createRateLimit({ perKey: 10, total: 200 });
    const granted: number[] = [];
    for (let now = 0; now < 5_000; now += 7) if (limit.allow('a', now)) granted.push(now);
    for (const from of granted)
      expect(granted.filter((at) => at >= from && at < from + 1000).length).toBeLessThanOrEqual(10);
    expect(granted.length).toBeGreaterThanOrEqual(50);
  });

  it('lets 200 a second through in all', () => {
    const limit = createRateLimit({ perKey: 10, total: 200 });
    let granted = 0;
    for (let i = 0; i < 5_000; i += 1) if (limit.allow(`m${i % 500}`, i / 5)) granted += 1;
    expect(granted).toBe(200);
  });

  it('does not count for a key what the total refused', () => {
    const limit = createRateLimit({ perKey: 1, total: 1 });
    expect([limit.allow('a', 0), limit.allow('b', 0), limit.allow('b', 1000)]).toEqual([true, false, true]);
  });

  it('forgets the key unheard of for longest, and remembers the busy one', () => {
    const limit = createRateLimit({ perKey: 1, total: 1_000_000, keys: 2 });
    expect(limit.allow('busy', 0)).toBe(true);
    for (let i = 0; i < 100; i += 1) {
      expect(limit.allow(`invented${i}`, 1)).toBe(true);
      expect(limit.allow('busy', 1)).toBe(false);
    }
  });
});
