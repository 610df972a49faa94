import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { retry, stopped } from '../../src/releases/retry.ts';
import { TransientFailure } from '../../src/releases/transient.ts';

function run(failures: readonly Error[], retries = 5, random = 0): { result: Promise<string>; waits: number[] } {
  const waits: number[] = [];
  const queue = [...failures];
  const clock = {
    now: () => 0,
    random: () => random,
    sleep: (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const signal = new AbortController().signal;
  const result = retry({ retries, clock, signal, onRetry: () => undefined }, () => {
    const next = queue.shift();
    return next === undefined ? Promise.resolve('done') : Promise.reject(next);
  });
  return { result, waits };
}
const flaky = (retryAfter?: number): TransientFailure => new TransientFailure('x broke off', { retryAfter });

describe('retry', () => {
  it('doubles from one second, less up to half by chance', async () => {
    const calm = run(Array.from({ length: 5 }, () => flaky()));
    expect(await calm.result).toBe('done');
    expect(calm.waits).toEqual([1000, 2000, 4000, 8000, 16_000]);
    const lucky = run([flaky()], 5, 0.999);
    await lucky.result;
    expect(lucky.waits[0]).toBeCloseTo(500, -1);
  });
  it('never waits longer than a minute by itself', async () => {
    const { result, waits } = run(
      Array.from({ length: 9 }, () => flaky()),
      9,
    );
    await result;
    expect(Math.max(...waits)).toBe(60_000);
  });
  it('waits as long as the server asks for, within reason', async () => {
    const { result, waits } = run([flaky(90_000)]);
    await result;
    expect(waits).toEqual([90_000]);
    await expect(run([flaky(3_600_000)]).result).rejects.toThrow('come back in 3600 s');
  });
  it('gives up, and says how often it tried', async () => {
    await expect(run([flaky(), flaky(), flaky()], 2).result).rejects.toThrow('x broke off, 3 times');
  });
  it('does not try again what will not get better', async () => {
    const { result, waits } = run([new Failure('refused', 'no')]);
    await expect(result).rejects.toThrow('no');
    expect(waits).toEqual([]);
  });
  it('tells a stop from a time that is over', () => {
    expect(stopped(AbortSignal.abort()).message).toBe('stopped');
    expect(stopped(AbortSignal.abort(new DOMException('x', 'TimeoutError'))).message).toBe(
      'the download took too long',
    );
  });
});
