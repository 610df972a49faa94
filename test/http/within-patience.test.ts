import { expect, it, vi } from 'vitest';
import { withinPatience } from '../../src/http/within-patience.ts';

it('gives what the work gives, and its error', async () => {
  await expect(withinPatience(Promise.resolve(1), 1000)).resolves.toBe(1);
  await expect(withinPatience(Promise.reject(new RangeError('no')), 1000)).rejects.toThrow('no');
});

it('is unavailable when the work takes longer, whatever comes of it then', async () => {
  vi.useFakeTimers();
  try {
    let fail: (error: Error) => void = () => undefined;
    const late = withinPatience(new Promise((_, reject) => (fail = reject)), 4000);
    const seen = expect(late).rejects.toMatchObject({ code: 'unavailable' });
    await vi.advanceTimersByTimeAsync(4000);
    await seen;
    fail(new Error('too late to matter'));
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
