import { expect, it, vi } from 'vitest';
import { createRepeater } from '../../src/model/service.ts';

it('does one turn at a time, survives what a turn throws, and waits at its end for the turn under way', async () => {
  vi.useFakeTimers();
  const turns: { end: () => void; fail: (error: Error) => void }[] = [];
  const failures: unknown[] = [];
  const repeater = createRepeater(
    10,
    () =>
      new Promise<void>((end, fail) => {
        turns.push({ end, fail });
      }),
    (error) => failures.push(error),
  );
  repeater.start();
  await vi.advanceTimersByTimeAsync(35);
  expect(turns).toHaveLength(1);
  turns[0]?.fail(new TypeError('x'));
  await vi.advanceTimersByTimeAsync(10);
  expect([turns.length, failures]).toEqual([2, [new TypeError('x')]]);
  let stopped = false;
  const stopping = repeater.stop().then(() => {
    stopped = true;
  });
  await vi.advanceTimersByTimeAsync(50);
  expect([stopped, turns.length]).toEqual([false, 2]);
  turns[1]?.end();
  await stopping;
  vi.useRealTimers();
});
