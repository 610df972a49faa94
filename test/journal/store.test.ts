import { expect, test } from 'vitest';
import { slotOf } from '../../src/journal/queue.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';
import {
  dhcp,
  document,
  entryOf,
  macOf,
  MINUTE,
  openSetup,
  phoneHome,
  refused,
  script,
  type Setup,
  T,
} from './setup.ts';

test('twenty boots, newest first, each with its newest two hundred events, oldest first', () => {
  const { store, feed } = openSetup();
  for (let n = 0; n < 25; n += 1) feed(dhcp(T + n * MINUTE, 1), script(T + n * MINUTE + 1, 1, 'boot'));
  store.write(Array.from({ length: 250 }, (_, n) => entryOf(refused(T + 24 * MINUTE + 10 + n, 1, `/${n}`))));
  const boots = store.machine(macOf(1), T)?.boots ?? [];
  expect(boots).toHaveLength(20);
  expect(boots.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, n) => T + (24 - n) * MINUTE));
  const events = boots[0]?.events ?? [];
  expect(events).toHaveLength(200);
  expect([events[0]?.what, events.at(-1)?.what]).toEqual(['/50', '/249']);
});

test('what a machine was told last is what its boot is', () => {
  const { store, feed } = openSetup();
  feed(script(T, 1, 'unknown'), script(T + 1, 1, 'boot', { profile: 'p', version: '2' }));
  expect(store.machine(macOf(1), T)?.boots).toMatchObject([{ outcome: 'boot', profile: 'p', version: '2' }]);
  feed(script(T + 2, 1, 'unknown'));
  const [boot] = store.machine(macOf(1), T)?.boots ?? [];
  expect(boot?.outcome).toBe('unknown');
  expect(boot).not.toHaveProperty('profile');
});

test('told nothing yet: unknown, or waiting when a profile names it', () => {
  const { store, feed } = openSetup();
  store.know({ nodes: [{ key: macOf(2), name: 'w2', profile: 'p', version: '1' }], round: 1, last: true }, T);
  feed(dhcp(T, 1), dhcp(T, 2));
  expect(store.machine(macOf(1), T)?.boots[0]?.outcome).toBe('unknown');
  expect(store.machine(macOf(2), T)?.boots[0]?.outcome).toBe('waiting');
});

test('an event says what it is about, and by which digest to ask for it', () => {
  const { store, feed } = openSetup();
  feed(script(T, 1, 'boot'), document(T + 1, 1, 'text'), phoneHome(T + 2, 1));
  const [told, sent, up] = store.machine(macOf(1), T)?.boots[0]?.events ?? [];
  expect(sent).toEqual({
    ...{ id: 2, at: T + 1, kind: 'document', text: 'sent configs/worker.yml, 4 B', what: 'configs/worker.yml' },
    ...{ bytes: 4, ok: true, times: 1, digest: sent?.digest },
  });
  expect(Buffer.from(store.sent(sent?.digest ?? '') ?? []).toString()).toBe('text');
  expect(store.sent(told?.digest ?? '')).toBeDefined();
  expect(up).not.toHaveProperty('digest');
});

test('nobody by that key', () => {
  expect(openSetup().store.machine(macOf(1), T)).toBeUndefined();
});

test('failed shows when somebody looks after the deadline', () => {
  const { store, feed } = openSetup();
  feed(script(T, 1, 'boot', { deadline: T + MINUTE }));
  expect(store.machine(macOf(1), T + MINUTE)?.row.state).toBe('booting');
  expect(store.machine(macOf(1), T + MINUTE + 1)?.row.state).toBe('failed');
});

function tell({ store }: Setup, run: number, ...events: readonly SyncEvent[]): void {
  store.write(events.map((event, n) => ({ step: { at: run + n, run, event } })));
}

const DONE: SyncEvent = { kind: 'done', report: { targets: [], skipped: [], rewritten: [], removed: [], failed: 2 } };

function download(received: number, file = 'a'): SyncEvent {
  return { kind: 'download', target: 't', file, received };
}

test('newest first, with their steps in order; a download is its last word', () => {
  const at = openSetup();
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
  const at = openSetup();
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
