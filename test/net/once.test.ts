import { describe, expect, it } from 'vitest';
import { createOnce } from '../../src/net/once.ts';

describe('once', () => {
  it('is true for a new key, and forgets the oldest', () => {
    const first = createOnce(2);
    expect(['a', 'a', 'b', 'c', 'c', 'a'].map(first)).toEqual([true, false, true, true, false, true]);
  });
});
