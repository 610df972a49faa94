import { EventEmitter } from 'node:events';
import { type ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { BodyWriter } from '../../src/http/body-writer.ts';

type Taken = (error?: Error | null) => void;

/** As much of a response as the writer touches; `taken` are the callbacks of the writes that are out. */
function fakeResponse(destroyed = false): {
  res: ServerResponse;
  socket: EventEmitter;
  taken: Taken[];
  ended: () => boolean;
} {
  const socket = Object.assign(new EventEmitter(), { destroyed });
  const taken: Taken[] = [];
  let ended = false;
  const res = {
    req: { socket },
    write: (_: Buffer, callback: Taken) => taken.push(callback),
    end: () => (ended = true),
  } as unknown as ServerResponse;
  return { res, socket, taken, ended: () => ended };
}

function fakeSlice(): { bytes: Buffer; release: () => void; released: () => number } {
  let released = 0;
  return { bytes: Buffer.from('x'), release: () => (released += 1), released: () => released };
}

describe('BodyWriter', () => {
  test('releases a slice when it was taken, not before', async () => {
    const { res, taken, ended } = fakeResponse();
    const slice = fakeSlice();
    const writing = new BodyWriter(res).write(slice, false);
    expect(slice.released()).toBe(0);
    taken[0]?.();
    expect(await writing).toBe(true);
    expect([slice.released(), ended()]).toEqual([1, false]);
  });

  test('ends the answer with the last slice', async () => {
    const { res, taken, ended } = fakeResponse();
    const writing = new BodyWriter(res).write(fakeSlice(), true);
    expect(ended()).toBe(true);
    taken[0]?.(null);
    expect(await writing).toBe(true);
  });

  test('an error of the write does not free the memory, the closed socket does', async () => {
    const { res, socket, taken } = fakeResponse();
    const slice = fakeSlice();
    const writing = new BodyWriter(res).write(slice, false);
    taken[0]?.(new RangeError('EPIPE'));
    expect(slice.released()).toBe(0);
    socket.emit('close');
    expect(await writing).toBe(false);
    taken[0]?.();
    expect(slice.released()).toBe(1);
  });

  test('writes nothing to a client that has left', async () => {
    const [before, after] = [fakeResponse(true), fakeResponse()];
    const slices = [fakeSlice(), fakeSlice()] as const;
    expect(await new BodyWriter(before.res).write(slices[0], true)).toBe(false);
    const writer = new BodyWriter(after.res);
    after.socket.emit('close');
    expect(await writer.write(slices[1], true)).toBe(false);
    expect([before.taken, after.taken]).toEqual([[], []]);
    expect(slices.map((slice) => slice.released())).toEqual([1, 1]);
  });

  test('leaves no listener behind', () => {
    const { res, socket } = fakeResponse();
    const writers = Array.from({ length: 30 }, () => new BodyWriter(res));
    expect(socket.listenerCount('close')).toBe(30);
    for (const writer of writers) writer.done();
    expect(socket.listenerCount('close')).toBe(0);
  });
});
