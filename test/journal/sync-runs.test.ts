import { expect, test } from 'vitest';
import type { SyncEvent } from '../../src/model/sync-event.ts';
import { slotOf } from '../../src/journal/sync-slot.ts';
import { openStand, T, type Stand } from './stand.ts';

function tell({ store }: Stand, run: number, ...events: readonly SyncEvent[]): void {
  store.write(events.map((event, n) => ({ step: { at: run + n, run, event } })));
}

const DONE: SyncEvent = { kind: 'done', report: { targets: [], skipped: [], rewritten: [], removed: [], failed: 2 } };

function download(received: number, file = 'a'): SyncEvent {
  return { kind: 'download', target: 't', file, received };
}

test('newest first, with their steps in order; a download is its last word', () => {
  const at = openStand();
  const note: SyncEvent = { kind: 'note', target: 't', message: 'm' };
  tell(at, T, note, download(1), download(1, 'b'), download(2), note, DONE);
  tell(at, T + 100, { kind: 'failed', target: 't', message: 'no' }, { kind: 'failed', target: 'u', message: 'no' });
  expect(at.store.syncRuns(10)).toEqual([
    {
      run: T + 100,
      failed: 2,
      steps: [
        { at: T + 100, event: { kind: 'failed', target: 't', message: 'no' } },
        { at: T + 101, event: { kind: 'failed', target: 'u', message: 'no' } },
      ],
    },
    {
      run: T,
      endedAt: T + 5,
      failed: 2,
      steps: [
        { at: T, event: note },
        { at: T + 3, event: download(2) },
        { at: T + 2, event: download(1, 'b') },
        { at: T + 4, event: note },
        { at: T + 5, event: DONE },
      ],
    },
  ]);
  expect(at.store.syncRuns(1)).toHaveLength(1);
});

test('a run in circles ends, and its end is told', () => {
  const at = openStand();
  const retry: SyncEvent = { kind: 'retry', target: 't', file: 'a', attempt: 1, waitMs: 1, why: 'x' };
  tell(at, T, ...Array.from({ length: 5100 }, () => retry), DONE);
  const [run] = at.store.syncRuns(1);
  expect(run?.steps).toHaveLength(5001);
  expect(run?.endedAt).toBe(T + 5100);
});

test('only downloads take the place of what was told before', () => {
  expect(slotOf(download(1))).not.toBeNull();
  expect(slotOf(download(1))).not.toBe(slotOf(download(1, 'b')));
  expect(slotOf(DONE)).toBeNull();
});
