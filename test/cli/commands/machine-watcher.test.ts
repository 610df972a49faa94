import { describe, expect, test } from 'vitest';
import { createWatcher } from '../../../src/cli/commands/machine-watcher.ts';
import type { MachineRow } from '../../../src/model/views.ts';

const row = (key: string, more: Partial<MachineRow> = {}): MachineRow => ({
  key,
  state: 'assigned',
  boots: [],
  ...more,
});

function stand(looks: readonly (readonly MachineRow[])[]) {
  const changed: string[] = [];
  const shown: number[] = [];
  let looked = 0;
  const watcher = createWatcher({
    look: () => {
      const rows = looks[Math.min(looked, looks.length - 1)] ?? [];
      looked += 1;
      return Promise.resolve(rows);
    },
    changed: ({ key, state }) => changed.push(`${key} ${state}`),
    shown: (rows) => shown.push(rows.length),
  });
  return { watcher, changed, shown, looked: () => looked };
}

describe('a watcher', () => {
  test('tells all at first, then who is not as before; what only passes by is no change', async () => {
    const end = new AbortController();
    const { watcher, changed, shown } = stand([
      [row('a'), row('b')],
      [row('a', { lastSeen: 5 }), row('b', { state: 'up' })],
    ]);
    await watcher.run(async (again) => {
      await new Promise((resolve) => setImmediate(resolve));
      again();
      await new Promise((resolve) => setImmediate(resolve));
      end.abort();
    }, end.signal);
    expect(changed).toEqual(['a assigned', 'b assigned', 'b up']);
    expect(shown).toEqual([2, 2]);
  });

  test('looks once for many changes at once, and once more for one that came while it looked', async () => {
    const end = new AbortController();
    const { watcher, looked } = stand([[]]);
    await watcher.run(async (again) => {
      for (let i = 0; i < 50; i += 1) again();
      await new Promise((resolve) => setImmediate(resolve));
      expect(looked()).toBe(1);
      again();
      again();
      await new Promise((resolve) => setImmediate(resolve));
      end.abort();
      again();
    }, end.signal);
    expect(looked()).toBe(2);
  });

  test('ends with the failure of a look', async () => {
    const watcher = createWatcher({
      look: () => Promise.reject(new TypeError('gone')),
      changed: () => undefined,
      shown: () => undefined,
    });
    const ended = watcher.run(
      (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
          });
        }),
      new AbortController().signal,
    );
    await expect(ended).rejects.toThrow('gone');
  });

  test('does nothing for who has gone already', async () => {
    const { watcher, looked } = stand([[]]);
    await watcher.run(() => Promise.reject(new TypeError('watched')), AbortSignal.abort());
    expect(looked()).toBe(0);
  });
});
