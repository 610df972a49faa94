import { EventEmitter, once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { BodyWriter } from '../../src/http/send-file.ts';
import { ask, DATE, eachWay, MIB, MTIME, numbered, setup } from '../support/image-server.ts';

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

eachWay(() => {
  describe('a whole file', () => {
    test('with its exact length and its validators', async () => {
      const { port, nextSent } = await setup('0123456789', {
        contentType: 'x/y',
        headers: { 'Cache-Control': 'no-cache' },
      });
      const { status, headers, body } = await ask(port);
      expect([status, body.toString()]).toEqual([200, '0123456789']);
      expect(headers).toMatchObject({
        'content-length': '10',
        'content-type': 'x/y',
        'accept-ranges': 'bytes',
        'last-modified': DATE,
        'cache-control': 'no-cache',
      });
      expect(headers.etag).toMatch(/^"[^"]+"$/);
      expect(headers['transfer-encoding']).toBeUndefined();
      expect(await nextSent()).toEqual({ status: 200, bytes: 10, complete: true });
    });

    test('of several chunks arrives byte for byte', async () => {
      const content = numbered(5 * MIB + 777);
      const { port, nextSent } = await setup(content);
      const { headers, body } = await ask(port);
      expect(headers['content-length']).toBe(String(content.length));
      expect(body.equals(content)).toBe(true);
      expect(await nextSent()).toMatchObject({ bytes: content.length, complete: true });
    });

    test('that is empty', async () => {
      const { port } = await setup('');
      expect(await ask(port)).toMatchObject({ status: 200, headers: { 'content-length': '0' } });
      expect(await ask(port, { range: 'bytes=0-' })).toMatchObject({
        status: 416,
        headers: { 'content-range': 'bytes */0' },
      });
    });

    test('HEAD has the headers of GET and no body', async () => {
      const { port, nextSent } = await setup('0123456789');
      for (const headers of [{}, { range: 'bytes=2-4' }, { range: 'bytes=10-' }, { 'if-none-match': '*' }]) {
        const [get, head] = [await ask(port, headers), await ask(port, headers, 'HEAD')];
        expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
        expect([head.status, head.body.length]).toEqual([get.status, 0]);
        await nextSent();
        expect(await nextSent()).toMatchObject({ bytes: 0, complete: true });
      }
    });

    test('one connection serves several answers, also asked for at once', async () => {
      const content = numbered(3 * MIB);
      const { port, sent } = await setup(content);
      const socket = connect(port, '127.0.0.1');
      const one = 'GET / HTTP/1.1\r\nHost: x\r\n';
      socket.write(`${one}Range: bytes=0-3\r\n\r\n${one}\r\n${one}Range: bytes=-4\r\nConnection: close\r\n\r\n`);
      const parts: Buffer[] = [];
      socket.on('data', (part) => parts.push(part));
      await once(socket, 'close');
      const answer = Buffer.concat(parts);
      expect(answer.indexOf(content)).toBeGreaterThan(0);
      expect(answer.toString('latin1').match(/HTTP\/1\.1 (\d+)/g)).toEqual([
        'HTTP/1.1 206',
        'HTTP/1.1 200',
        'HTTP/1.1 206',
      ]);
      expect(sent).toHaveLength(3);
    });
  });

  describe('ranges and conditions', () => {
    test.each<[OutgoingHttpHeaders, number, string, string | undefined]>([
      [{ range: 'bytes=0-0' }, 206, '0', 'bytes 0-0/10'],
      [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=7-' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=-3' }, 206, '789', 'bytes 7-9/10'],
      [{ range: 'bytes=-99999' }, 206, '0123456789', 'bytes 0-9/10'],
      [{ range: 'bytes=0-99' }, 206, '0123456789', 'bytes 0-9/10'],
      [{ range: 'bytes=10-' }, 416, '', 'bytes */10'],
      [{ range: 'bytes=-0' }, 416, '', 'bytes */10'],
      [{ range: 'bytes=4-2' }, 200, '0123456789', undefined],
      [{ range: 'bytes=x' }, 200, '0123456789', undefined],
      [{ range: 'lines=1-2' }, 200, '0123456789', undefined],
      [{ range: 'bytes=0-0,5-6' }, 200, '0123456789', undefined],
      [{ range: 'bytes=0-3,2-6' }, 206, '0123456', 'bytes 0-6/10'],
      [{ range: 'bytes=2-4', 'if-range': DATE }, 206, '234', 'bytes 2-4/10'],
      [{ range: 'bytes=2-4', 'if-range': 'Fri, 02 Jan 2026 03:04:04 GMT' }, 200, '0123456789', undefined],
      [{ range: 'bytes=2-4', 'if-range': '"other"' }, 200, '0123456789', undefined],
      [{ range: 'bytes=99-', 'if-range': '"other"' }, 200, '0123456789', undefined],
      [{ 'if-modified-since': DATE }, 304, '', undefined],
      [{ 'if-none-match': '*', range: 'bytes=2-4' }, 304, '', undefined],
      [{ 'if-match': '"other"' }, 412, '', undefined],
    ])('%j: %i %j', async (headers, status, body, contentRange) => {
      const { port } = await setup('0123456789');
      const reply = await ask(port, headers);
      expect([reply.status, reply.body.toString(), reply.headers['content-range']]).toEqual([
        status,
        body,
        contentRange,
      ]);
      if (status !== 304) expect(reply.headers['content-length']).toBe(String(body.length));
      expect(reply.headers.etag).toBeDefined();
    });

    test('with the ETag of the last answer', async () => {
      const { port } = await setup('0123456789');
      const etag = String((await ask(port)).headers.etag);
      expect((await ask(port, { 'if-none-match': etag })).status).toBe(304);
      expect((await ask(port, { range: 'bytes=2-4', 'if-range': etag })).status).toBe(206);
      expect((await ask(port, { range: 'bytes=2-4', 'if-range': `W/${etag}` })).status).toBe(200);
    });

    test('If-Range with the date of this second counts only when the second has passed', async () => {
      const { port } = await setup('0123456789', { clockMs: MTIME + 500 });
      expect((await ask(port, { range: 'bytes=2-4', 'if-range': DATE })).status).toBe(200);
    });

    test('a part in the middle of a large file, over the border of chunks', async () => {
      const content = numbered(4 * MIB);
      const { port } = await setup(content);
      const { body } = await ask(port, { range: `bytes=${MIB - 10}-${3 * MIB + 10}` });
      expect(body.equals(content.subarray(MIB - 10, 3 * MIB + 11))).toBe(true);
    });
  });
});
