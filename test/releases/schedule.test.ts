import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../src/model/failure.ts';
import { SILENT } from '../../src/model/service.ts';
import { createSchedule, type ScheduleOptions, type SyncSchedule } from '../../src/releases/schedule.ts';

let schedule: SyncSchedule | undefined;
beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-08-20T00:00:00Z') });
});
afterEach(async () => {
  await schedule?.stop(AbortSignal.abort());
  vi.useRealTimers();
});

function begin(options: Partial<ScheduleOptions>): { runs: Date[]; problems: string[]; schedule: SyncSchedule } {
  const runs: Date[] = [];
  const problems: string[] = [];
  const log = {
    ...SILENT,
    error: (fields: object, message: string) => problems.push(`${message}: ${JSON.stringify(fields)}`),
  };
  schedule = createSchedule({
    expression: '17 4 * * *',
    timezone: 'Europe/Prague',
    missing: () => Promise.resolve(false),
    jitter: 0,
    log,
    ...options,
    run: async (signal, wishes) => {
      runs.push(new Date());
      return (await options.run?.(signal, wishes)) ?? 0;
    },
  });
  return { runs, problems, schedule };
}

describe('createSchedule', () => {
  it('runs at its time in its zone, and not at start when nothing is missing', async () => {
    const { runs, schedule: one } = begin({});
    await one.start();
    await vi.advanceTimersByTimeAsync(26 * 3_600_000);
    // 04:17 in Prague is 02:17 UTC in summer.
    expect(runs.map((date) => date.toISOString().slice(0, 16))).toEqual(['2026-08-20T02:17']);
  });

  it("runs by this host's clock where no zone is set, and says which", async () => {
    const said: object[] = [];
    const log = { ...SILENT, info: (fields: object) => said.push(fields) };
    const { runs, schedule: one } = begin({ timezone: undefined, log });
    await one.start();
    expect(said).toContainEqual(
      expect.objectContaining({ timezone: new Intl.DateTimeFormat().resolvedOptions().timeZone }),
    );
    await vi.advanceTimersByTimeAsync(26 * 3_600_000);
    expect(runs.map((date) => [date.getHours(), date.getMinutes()])).toEqual([[4, 17]]);
  });

  it('runs at start when an image is missing', async () => {
    const { runs, schedule: one } = begin({ missing: () => Promise.resolve(true) });
    await one.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(runs).toHaveLength(1);
  });

  it('a person may start a run, one at a time, also where no schedule is set; a failure is not tried again then', async () => {
    let end: (failed: number) => void = () => undefined;
    const { runs, schedule: one } = begin({
      expression: undefined,
      missing: () => Promise.resolve(true),
      run: () => new Promise((resolve) => (end = resolve)),
    });
    await one.start();
    expect(one.nextRun()).toBeUndefined();
    expect([one.runNow(), one.runNow()]).toEqual([true, false]);
    end(1);
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(runs).toHaveLength(1);
    await one.stop(AbortSignal.abort());
    expect(one.runNow()).toBe(false);
  });

  it('hands on what a person wants of his run, and of no other', async () => {
    const wishes: unknown[] = [];
    const { schedule: one } = begin({
      run: (_, wish) => {
        wishes.push(wish);
        return Promise.resolve(0);
      },
    });
    await one.start();
    one.runNow({ allowDowngrade: true });
    await vi.advanceTimersByTimeAsync(0);
    one.runNow();
    await vi.advanceTimersByTimeAsync(26 * 3_600_000);
    expect(wishes).toEqual([{ allowDowngrade: true }, {}, {}]);
  });

  it('says when the next run begins', async () => {
    const { schedule: one } = begin({});
    await one.start();
    expect(new Date(one.nextRun() ?? 0).toISOString()).toBe('2026-08-20T02:17:00.000Z');
  });

  it('off: never, not at start and not when it is told to look', async () => {
    const { runs, schedule: one } = begin({ expression: undefined, missing: () => Promise.resolve(true) });
    await one.start();
    one.look();
    await vi.advanceTimersByTimeAsync(48 * 3_600_000);
    expect(runs).toEqual([]);
  });

  it('a failed run is heard, ends nothing, and is tried again with growing pauses while something is missing', async () => {
    const {
      runs,
      problems,
      schedule: one,
    } = begin({
      missing: () => Promise.resolve(true),
      run: () => Promise.reject(new Failure('unavailable', 'no network')),
    });
    await one.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(problems[0]).toContain('the release sync failed: {"problem":"no network"}');
    // Looking does not hurry it.
    one.look();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(runs).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(runs).toHaveLength(3);
  });

  it('a bug in a run does not end the server either', async () => {
    const { problems, schedule: one } = begin({
      missing: () => Promise.resolve(true),
      run: () => Promise.reject(new TypeError('bug')),
    });
    await one.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(problems).toHaveLength(1);
  });

  it('a failed run while nothing is missing waits for its next time', async () => {
    let missing = true;
    const { runs, schedule: one } = begin({
      missing: () => Promise.resolve(missing),
      run: () => {
        missing = false;
        return Promise.resolve(1);
      },
    });
    await one.start();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(runs).toHaveLength(1);
  });

  it('runs never overlap, and a stop ends the one under way', async () => {
    const aborted: boolean[] = [];
    const { runs, schedule: one } = begin({
      missing: () => Promise.resolve(true),
      run: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push(true);
            reject(new Failure('unavailable', 'stopped'));
          });
        }),
    });
    await one.start();
    await vi.advanceTimersByTimeAsync(10);
    one.look();
    await vi.advanceTimersByTimeAsync(30 * 3_600_000);
    expect(runs).toHaveLength(1);
    await one.stop(AbortSignal.abort());
    expect(aborted).toEqual([true]);
    one.look();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(runs).toHaveLength(1);
  });

  it('the pauses grow to an hour, and begin anew after a run that brought everything', async () => {
    let failed = 1;
    const { runs, schedule: one } = begin({
      // Never by itself in this test.
      expression: '0 0 1 1 *',
      missing: () => Promise.resolve(true),
      run: () => Promise.resolve(failed),
    });
    await one.start();
    await vi.advanceTimersByTimeAsync(10 * 3_600_000);
    const minutes = runs.slice(1).map((date, i) => Math.round((date.getTime() - (runs[i]?.getTime() ?? 0)) / 60_000));
    expect(minutes.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    failed = 0;
    await vi.advanceTimersByTimeAsync(3_600_000);
    const good = runs.length;
    await vi.advanceTimersByTimeAsync(10 * 3_600_000);
    expect(runs).toHaveLength(good);
    failed = 1;
    one.look();
    await vi.advanceTimersByTimeAsync(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toHaveLength(good + 2);
  });

  it('what is missing cannot be found out: that is said, and nothing runs', async () => {
    const { runs, problems, schedule: one } = begin({ missing: () => Promise.reject(new TypeError('bug')) });
    await one.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(runs).toEqual([]);
    expect(problems).toEqual([expect.stringContaining('what is missing could not be found out')]);
  });

  it('a run that a stop ends is no failure, and may begin anew after the next start', async () => {
    const {
      runs,
      problems,
      schedule: one,
    } = begin({
      missing: () => Promise.resolve(true),
      run: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Failure('unavailable', 'stopped'));
          });
        }),
    });
    await one.start();
    await vi.advanceTimersByTimeAsync(10);
    await one.stop(AbortSignal.abort());
    expect([runs.length, problems, one.nextRun()]).toEqual([1, [], undefined]);
    await one.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(runs).toHaveLength(2);
  });

  it('spreads its runs over ten minutes, so that servers do not ask a publisher in the same second', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { runs, schedule: one } = begin({ jitter: undefined });
    await one.start();
    await vi.advanceTimersByTimeAsync(26 * 3_600_000);
    random.mockRestore();
    expect(runs.map((date) => date.toISOString().slice(0, 16))).toEqual(['2026-08-20T02:22']);
  });
});
