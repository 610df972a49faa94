import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Kv, WatchEvent } from '../../src/fleet/kv.ts';

/** What every engine of a fleet does. `open`: two clients of one store, its keys below a prefix of their own. */
export function kvContract(name: string, open: () => Promise<readonly [Kv, Kv]>): void {
  describe(`the memory of a fleet: ${name}`, () => {
    it('keeps what was put, with the revisions of its life', async () => {
      const [a, b] = await open();
      expect(await a.get('mark/x')).toBeUndefined();
      const first = await a.commit({
        if: [{ key: 'mark/x', is: 'absent' }],
        then: [{ put: 'mark/x', value: 'ä "1"\n' }],
      });
      expect(first.done).toBe(true);
      const one = await b.get('mark/x');
      expect(one).toEqual({ key: 'mark/x', value: 'ä "1"\n', created: first.revision, changed: first.revision });
      const second = await b.commit({ if: [], then: [{ put: 'mark/x', value: '' }] });
      expect(await a.get('mark/x')).toEqual({
        key: 'mark/x',
        value: '',
        created: first.revision,
        changed: second.revision,
      });
      await a.commit({ if: [], then: [{ remove: 'mark/x' }] });
      expect(await b.get('mark/x')).toBeUndefined();
    });

    it('of two that swap the same, one does; the other is told what is there', async () => {
      const [a, b] = await open();
      const claim = async (kv: Kv, value: string) =>
        await kv.commit({ if: [{ key: 'k', is: 'absent' }], then: [{ put: 'k', value }] });
      const both = await Promise.all([claim(a, 'a'), claim(b, 'b')]);
      expect(both.filter(({ done }) => done)).toHaveLength(1);
      const lost = both.find(({ done }) => !done);
      expect(lost?.found.get('k')?.value).toBe(both[0].done ? 'a' : 'b');
      const { changed = 0, created = 0 } = (await a.get('k')) ?? {};
      const swap = { if: [{ key: 'k', is: 'unchanged', changed }], then: [{ put: 'k', value: 'c' }] } as const;
      expect((await a.commit(swap)).done).toBe(true);
      expect((await b.commit(swap)).found.get('k')?.value).toBe('c');
      // The same life of the key, whatever was written into it.
      const alive = { if: [{ key: 'k', is: 'alive', created }], then: [{ put: 'other', value: '1' }] } as const;
      expect((await b.commit(alive)).done).toBe(true);
      await a.commit({ if: [], then: [{ remove: 'k' }] });
      await a.commit({ if: [], then: [{ put: 'k', value: 'again' }] });
      expect((await b.commit(alive)).done).toBe(false);
    });

    it('changes all keys of a commit or none, and tells those that are there', async () => {
      const [a] = await open();
      await a.commit({ if: [], then: [{ put: 'one', value: '1' }, { put: 'two', value: '2' }] }); // prettier-ignore
      const { done, found } = await a.commit({
        if: [
          { key: 'one', is: 'absent' },
          { key: 'three', is: 'absent' },
        ],
        then: [{ remove: 'two' }, { put: 'three', value: '3' }],
      });
      expect([done, [...found.keys()]]).toEqual([false, ['one']]);
      expect((await a.list('')).entries.map(({ key }) => key)).toEqual(['one', 'two']);
    });

    it('lists a prefix of one moment, however many there are', async () => {
      const [a, b] = await open();
      const names = Array.from({ length: 2500 }, (_, i) => `mark/${String(i).padStart(5, '0')}`);
      for (let from = 0; from < names.length; from += 100)
        await a.commit({ if: [], then: names.slice(from, from + 100).map((put) => ({ put, value: put })) });
      await a.commit({ if: [], then: [{ put: 'mars', value: 'another prefix' }] });
      const { entries, revision } = await b.list('mark/');
      expect(entries.map(({ key }) => key)).toEqual(names);
      expect(entries.every(({ key, value }) => key === value)).toBe(true);
      const later = await a.commit({ if: [], then: [{ put: 'mark/x', value: '' }] });
      expect(later.revision).toBe(revision + 1);
    });

    it('tells a watch every change after a revision once, transaction by transaction', async () => {
      const [a, b] = await open();
      const { revision } = await a.commit({ if: [], then: [{ put: 'mark/a', value: '0' }] });
      const told: (readonly WatchEvent[])[] = [];
      let connected = false;
      await a.commit({ if: [], then: [{ put: 'mark/a', value: '1' }, { put: 'mark/b', value: '1' }, { put: 'x', value: '' }] }); // prettier-ignore
      const watch = b.watch('mark/', revision, {
        changed: (events) => told.push(events),
        connected: (is) => (connected = is),
        lost: () => Promise.reject(new Error('nothing was compacted')),
      });
      onTestFinished(() => {
        watch.stop();
      });
      await vi.waitFor(() => {
        expect(connected).toBe(true);
      });
      await a.commit({ if: [], then: [{ remove: 'mark/a' }] });
      await vi.waitFor(() => {
        expect(told).toHaveLength(2);
      });
      expect(
        told.map((events) => events.map((event) => (event.kind === 'put' ? event.entry.value : event.key))),
      ).toEqual([['1', '1'], ['mark/a']]);
      watch.stop();
      await a.commit({ if: [], then: [{ put: 'mark/c', value: '2' }] });
      await b.get('mark/c');
      expect(told).toHaveLength(2);
    });

    it('lets go of what goes with a lease when that is revoked, and not before', async () => {
      const [a, b] = await open();
      const lease = await a.grant(60);
      await a.commit({ if: [], then: [{ put: 'server/1', value: '', lease }] });
      expect(await b.get('server/1')).toMatchObject({ lease });
      expect(await a.keepAlive(lease)).toBeGreaterThan(50);
      await a.revoke(lease);
      expect(await b.get('server/1')).toBeUndefined();
      expect(await a.keepAlive(lease)).toBe(0);
      await a.revoke(lease);
      await expect(a.commit({ if: [], then: [{ put: 'server/1', value: '', lease }] })).rejects.toMatchObject({
        message: expect.stringContaining('lease not found') as unknown,
      });
    });

    it('refuses what etcd refuses: a key twice in a commit, more than 128 changes', async () => {
      const [a] = await open();
      const twice = [{ put: 'k', value: '1' }, { remove: 'k' }] as const;
      await expect(a.commit({ if: [], then: twice })).rejects.toThrow('duplicate key');
      const many = Array.from({ length: 129 }, (_, i) => ({ put: `k${i}`, value: '' }));
      await expect(a.commit({ if: [], then: many })).rejects.toThrow('too many operations');
      expect((await a.list('k')).entries).toEqual([]);
    });
  });
}
