import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createChanges } from '../../../src/admin/service/changes.ts';
import { addFiles } from '../../support/folder.ts';
import { listeningLog } from '../../catalog/data-folder.ts';
import { flatcar, MAC, adminSetup } from './setup.ts';

describe('who watches', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('hears at most four times a second, and hears the last change', async () => {
    const setup = await adminSetup({});
    const heard: string[] = [];
    const end = createChanges(setup.deps).onChange((what) => heard.push(what));
    for (let ms = 0; ms < 990; ms += 10) {
      setup.journal.write();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(heard).toEqual(['machines', 'machines', 'machines', 'machines']);
    await vi.advanceTimersByTimeAsync(250);
    expect(heard).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(5000);
    expect(heard).toHaveLength(5);
    end();
  });

  test('hears of the files, of each word by itself', async () => {
    const setup = await adminSetup({});
    const heard: string[] = [];
    const end = createChanges(setup.deps).onChange((what) => heard.push(what));
    addFiles(setup.dir, { 'profiles/a.json': flatcar() });
    await setup.catalog.refresh();
    await vi.advanceTimersByTimeAsync(1);
    expect(heard.sort()).toEqual(['machines', 'profiles', 'releases']);
    end();
  });

  test('hears what it is told, and nothing is kept for who comes later', async () => {
    const changes = createChanges((await adminSetup({})).deps);
    const heard: string[] = [];
    changes.emit('releases');
    expect(vi.getTimerCount()).toBe(0);
    const end = changes.onChange((what) => heard.push(what));
    changes.emit('releases');
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual(['releases']);
    end();
  });

  test('hears of what is on its way', async () => {
    const setup = await adminSetup({});
    const heard: string[] = [];
    const end = createChanges(setup.deps).onChange((what) => heard.push(what));
    await vi.advanceTimersByTimeAsync(2000);
    expect(heard).toEqual([]);
    setup.deliveries.push({ key: MAC, file: 'f', received: 1, size: 2 });
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => {
      expect(heard).toEqual(['machines']);
    });
    end();
  });

  test('hears every step of a release sync, and its end', async () => {
    const setup = await adminSetup({});
    const heard: string[] = [];
    const end = createChanges(setup.deps).onChange((what) => heard.push(what));
    const run = setup.syncProgress.begin(1);
    run.emit({ kind: 'note', target: 't', message: 'm' });
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual(['releases']);
    run.end({ kind: 'done' });
    await vi.advanceTimersByTimeAsync(250);
    expect(heard).toEqual(['releases', 'releases']);
    end();
    run.emit({ kind: 'note', target: 't', message: 'm' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('nothing runs when nobody does', async () => {
    const setup = await adminSetup({});
    const changes = createChanges(setup.deps);
    expect(vi.getTimerCount()).toBe(0);
    const listener = vi.fn();
    const ends = [changes.onChange(listener), changes.onChange(listener)];
    expect(setup.journal.listening()).toBe(1);
    setup.journal.write();
    ends[0]?.();
    ends[0]?.();
    expect(setup.journal.listening()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(listener).toHaveBeenCalledTimes(1);
    setup.journal.write();
    ends[1]?.();
    expect([setup.journal.listening(), vi.getTimerCount()]).toEqual([0, 0]);
    changes.onChange(listener)();
    expect([setup.journal.listening(), vi.getTimerCount()]).toEqual([0, 0]);
  });

  test('one who fails does not keep the others from it', async () => {
    const { log, said } = listeningLog();
    const setup = await adminSetup({});
    const changes = createChanges({ ...setup.deps, log });
    const second = vi.fn();
    const ends = [
      changes.onChange(() => {
        throw new TypeError('x');
      }),
      changes.onChange(second),
    ];
    setup.journal.write();
    await vi.advanceTimersByTimeAsync(1);
    expect(second).toHaveBeenCalledTimes(1);
    expect(said).toMatchObject([{ said: 'a listener for changes failed' }]);
    for (const end of ends) end();
  });
});
