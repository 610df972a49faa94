import { expect, it } from 'vitest';
import { inParallel } from '../../src/releases/obtain.ts';

const never = new AbortController().signal;

it('keeps the order and the number at once', async () => {
  let running = 0;
  let most = 0;
  const result = await inParallel([3, 1, 2, 0], 2, never, async (n) => {
    running += 1;
    most = Math.max(most, running);
    for (let i = 0; i < n; i += 1) await Promise.resolve();
    running -= 1;
    return n * 10;
  });
  expect([result, most]).toEqual([[30, 10, 20, 0], 2]);
});

it('tells the others of the first failure, waits for them, and begins nothing new', async () => {
  const begun: number[] = [];
  let ended = false;
  const work = inParallel([0, 1, 2], 2, never, async (n, signal) => {
    begun.push(n);
    if (n === 1) throw new Error('first');
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    ended = true;
    throw new Error('second');
  });
  await expect(work).rejects.toThrow('first');
  expect([begun, ended]).toEqual([[0, 1], true]);
});

it('has nothing to do with an empty list', async () => {
  expect(await inParallel([], 2, never, () => Promise.reject(new Error('no')))).toEqual([]);
});
