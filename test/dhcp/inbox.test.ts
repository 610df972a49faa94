import { describe, expect, it } from 'vitest';
import { createInbox } from '../../src/dhcp/inbox.ts';

const turn = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve));
};

describe('an inbox', () => {
  it('handles a few packets a turn, in order, and none at once', async () => {
    const handled: number[] = [];
    const inbox = createInbox<number>((n) => handled.push(n), { perTurn: 2 });
    for (const n of [1, 2, 3, 4, 5]) inbox.put(n);
    expect(handled).toEqual([]);
    await turn();
    expect(handled).toEqual([1, 2]);
    await turn();
    await turn();
    expect(handled).toEqual([1, 2, 3, 4, 5]);
    inbox.put(6);
    await turn();
    expect(handled.at(-1)).toBe(6);
  });

  it('says when it is full, and has room again when something was handled', async () => {
    const handled: number[] = [];
    const inbox = createInbox<number>((n) => handled.push(n), { room: 2, perTurn: 1 });
    expect([inbox.put(1), inbox.put(2), inbox.put(3)]).toEqual([true, true, false]);
    await turn();
    expect([inbox.put(4), inbox.put(5)]).toEqual([true, false]);
    await turn();
    await turn();
    expect(handled).toEqual([1, 2, 4]);
  });

  it('forgets what waits when it is closed', async () => {
    const handled: number[] = [];
    const inbox = createInbox<number>((n) => handled.push(n));
    inbox.put(1);
    inbox.close();
    await turn();
    expect(handled).toEqual([]);
  });
});
