import { describe, expect, it } from 'vitest';
import { createSyncProgress } from '../../src/images/sync-progress.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';
import type { SyncEnd } from '../../src/model/release-views.ts';

const T = 'flatcar/stable/amd64';
const MIB = 2 ** 20;
const plan: SyncEvent = { kind: 'plan', targets: [{ target: T, system: 'flatcar', profiles: ['seed'] }], skipped: [] };
const published: SyncEvent = { kind: 'published', target: T, shelf: 's' };
const failed: SyncEvent = { kind: 'failed', target: T, message: 'no' };
const found = (files: number): SyncEvent => ({
  ...{ kind: 'found', target: T, version: '1.2.3' },
  ...{ shelf: 's', files, profiles: ['seed'] },
});
const got = (file: string, received: number, size?: number): SyncEvent => ({
  ...{ kind: 'download', target: T },
  ...{ file, received, size },
});

/** After these events, and after the end if there is one. */
function after(events: readonly SyncEvent[], how?: SyncEnd) {
  const progress = createSyncProgress();
  const { emit, end } = progress.begin(1000);
  for (const event of events) emit(event);
  if (how !== undefined) end(how);
  return progress;
}

describe('what a machine that waits is told of the sync', () => {
  const done: SyncEnd = { kind: 'done' };
  const broken: SyncEnd = { kind: 'broken', message: 'x' };
  it.each<[string, readonly SyncEvent[], SyncEnd | undefined, readonly string[]]>([
    ['waiting', [plan], undefined, ['The release sync is at work and will come to this one.']],
    [
      'fetching',
      [plan, found(2), got('a', 37 * MIB, 100 * MIB)],
      undefined,
      ['The release sync fetches version 1.2.3: 37 % of 100 MiB'],
    ],
    ['no size', [plan, found(2), got('a', 37 * MIB)], undefined, ['The release sync fetches version 1.2.3: 37 MiB']],
    ['verifying', [plan, found(1), got('a', 9, 9)], undefined, ['The release sync verifies version 1.2.3.']],
    ['published', [plan, found(1), published], undefined, ['The release sync has published version 1.2.3.']],
    ['failed', [plan, failed], undefined, ['The release sync failed: no']],
    ['failed before', [plan, failed], done, ['The last release sync failed: no']],
    ['broken off', [plan, found(2), got('a', 1)], broken, ['The last release sync did not finish.']],
    ['published before', [plan, found(1), published], done, []],
    ['nothing to fetch', [plan, found(1)], done, []],
    ['no plan yet', [], undefined, []],
  ])('%s', (_, events, end, lines) => {
    const progress = after(events, end);
    expect(progress.linesFor('seed')).toEqual(lines);
    expect(progress.linesFor('other')).toEqual([]);
    expect(progress.isRunning()).toBe(end === undefined);
  });

  it('nothing when there was no sync', () => {
    expect(createSyncProgress().linesFor('seed')).toEqual([]);
    expect(createSyncProgress().isRunning()).toBe(false);
  });
});

describe('the state of a target', () => {
  it('goes from the plan to the published release', () => {
    const progress = createSyncProgress();
    const { emit } = progress.begin(1000);
    const now = () => progress.targets().get(T);
    emit(plan);
    expect(now()).toEqual({ profiles: ['seed'], state: 'waiting', received: 0, size: 0 });
    emit(found(2));
    emit(got('a', 10, 40));
    expect(now()).toMatchObject({ state: 'fetching', version: '1.2.3', received: 10, size: 40 });
    emit(got('b', 5));
    expect(now()).toMatchObject({ state: 'fetching', received: 15, size: 0 });
    emit({ kind: 'verified', target: T, file: 'a', size: 40, by: 'x' });
    emit(got('b', 60, 60));
    expect(now()).toMatchObject({ state: 'verifying', received: 100, size: 100 });
    emit(published);
    expect(now()).toMatchObject({ state: 'published' });
    emit(failed);
    expect(now()).toMatchObject({ state: 'failed', message: 'no', profiles: ['seed'] });
  });

  it('one file of two is not all of them', () => {
    expect(
      after([plan, found(2), got('a', 40, 40)])
        .targets()
        .get(T),
    ).toMatchObject({ state: 'fetching' });
  });
});

describe('the steps', () => {
  it('after a step, and of a download only the last', async () => {
    const progress = createSyncProgress();
    expect(progress.newest()).toBeUndefined();
    const { run, emit, end } = progress.begin(1000);
    expect([run, progress.newest()]).toEqual([1000, 1000]);
    emit(got('f', 1));
    emit(published);
    emit(got('f', 2));
    expect(await progress.read(run, 0)).toEqual({ steps: [published, got('f', 2)], last: 3 });
    expect(await progress.read(run, 2)).toEqual({ steps: [got('f', 2)], last: 3 });
    end({ kind: 'done' });
    end({ kind: 'broken', message: 'too late' });
    expect(await progress.read(run, 3)).toEqual({ steps: [], last: 3, end: { kind: 'done' } });
  });

  it('a reader that has everything waits: for a step, for the end', async () => {
    const progress = createSyncProgress(3_600_000);
    const { run, emit, end } = progress.begin(1000);
    const [one, other] = [progress.read(run, 0), progress.read(run, 0)];
    emit(published);
    expect([await one, await other]).toEqual(Array(2).fill({ steps: [published], last: 1 }));
    const last = progress.read(run, 1);
    end({ kind: 'busy', message: 'who' });
    expect(await last).toEqual({ steps: [], last: 1, end: { kind: 'busy', message: 'who' } });
  });

  it('and is answered after a while that nothing came', async () => {
    const progress = createSyncProgress(1);
    expect(await progress.read(progress.begin(1000).run, 0)).toEqual({ steps: [], last: 0 });
  });

  it('only of the newest run, and two in one millisecond are two', async () => {
    const progress = createSyncProgress();
    await expect(progress.read(0, 0)).rejects.toMatchObject({ code: 'not-found' });
    const first = progress.begin(1000);
    const second = progress.begin(1000);
    expect([first.run, second.run]).toEqual([1000, 1001]);
    await expect(progress.read(first.run, 0)).rejects.toMatchObject({ code: 'not-found' });
    first.emit(published);
    second.end({ kind: 'done' });
    expect(await progress.read(second.run, 0)).toEqual({ steps: [], last: 0, end: { kind: 'done' } });
  });

  it('call those who listen, until they have heard enough', () => {
    const progress = createSyncProgress();
    const { emit, end } = progress.begin(1000);
    let calls = 0;
    const stop = progress.onStep(() => (calls += 1));
    emit(plan);
    end({ kind: 'done' });
    expect(calls).toBe(2);
    stop();
    emit(plan);
    expect(calls).toBe(2);
  });
});

describe('the last run of an earlier process', () => {
  it('is told to machines until this one begins a run', () => {
    const progress = createSyncProgress();
    progress.recall(500, [plan, failed], true);
    expect(progress.linesFor('seed')).toEqual(['The last release sync failed: no']);
    expect(progress.isRunning()).toBe(false);
    expect(progress.targets().get(T)).toMatchObject({ state: 'failed', message: 'no' });
    progress.begin(1000).emit(plan);
    expect(progress.linesFor('seed')).toEqual(['The release sync is at work and will come to this one.']);
    progress.recall(500, [plan, failed], true);
    expect(progress.linesFor('seed')).toEqual(['The release sync is at work and will come to this one.']);
  });

  it('that was never over did not finish', () => {
    const progress = createSyncProgress();
    progress.recall(500, [plan, found(2)], false);
    expect(progress.linesFor('seed')).toEqual(['The last release sync did not finish.']);
  });
});
