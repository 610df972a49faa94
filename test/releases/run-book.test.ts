import { describe, expect, test } from 'vitest';
import { createRunBook } from '../../src/releases/run-book.ts';
import type { SyncEvent } from '../../src/model/sync-event.ts';

const published: SyncEvent = { kind: 'published', target: 't', shelf: 's' };
const got = (received: number): SyncEvent => ({ kind: 'download', target: 't', file: 'f', received });

describe('createRunBook', () => {
  test('gives the steps after a step, and of a download only the last', async () => {
    const book = createRunBook();
    expect(book.newest()).toBeUndefined();
    const { run, tell, end } = book.begin(1000);
    expect([run, book.newest()]).toEqual([1000, 1000]);
    tell(got(1));
    tell(published);
    tell(got(2));
    expect(await book.read(run, 0)).toEqual({ steps: [published, got(2)], last: 3 });
    expect(await book.read(run, 2)).toEqual({ steps: [got(2)], last: 3 });
    end({ kind: 'done' });
    end({ kind: 'broken', message: 'too late' });
    expect(await book.read(run, 3)).toEqual({ steps: [], last: 3, end: { kind: 'done' } });
  });

  test('who has read everything waits: for a step, for the end', async () => {
    const book = createRunBook(3_600_000);
    const { run, tell, end } = book.begin(1000);
    const [one, other] = [book.read(run, 0), book.read(run, 0)];
    tell(published);
    expect([await one, await other]).toEqual(Array(2).fill({ steps: [published], last: 1 }));
    const last = book.read(run, 1);
    end({ kind: 'busy', message: 'who' });
    expect(await last).toEqual({ steps: [], last: 1, end: { kind: 'busy', message: 'who' } });
  });

  test('and hears after a while that nothing came', async () => {
    const book = createRunBook(1);
    expect(await book.read(book.begin(1000).run, 0)).toEqual({ steps: [], last: 0 });
  });

  test('only the newest run is there, and two in one millisecond are two', async () => {
    const book = createRunBook();
    await expect(book.read(0, 0)).rejects.toMatchObject({ code: 'not-found' });
    const first = book.begin(1000);
    const second = book.begin(1000);
    expect([first.run, second.run]).toEqual([1000, 1001]);
    await expect(book.read(first.run, 0)).rejects.toMatchObject({ code: 'not-found' });
    first.tell(published);
    second.end({ kind: 'done' });
    expect(await book.read(second.run, 0)).toEqual({ steps: [], last: 0, end: { kind: 'done' } });
  });
});
