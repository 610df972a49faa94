import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect, it, test, vi } from 'vitest';
import { readBody, withinTimeout } from '../../src/http/read-body.ts';

it('gives what the work gives, and its error', async () => {
  await expect(withinTimeout(Promise.resolve(1), 1000)).resolves.toBe(1);
  await expect(withinTimeout(Promise.reject(new RangeError('no')), 1000)).rejects.toThrow('no');
});

it('is unavailable when the work takes longer, whatever comes of it then', async () => {
  vi.useFakeTimers();
  try {
    let fail: (error: Error) => void = () => undefined;
    const late = withinTimeout(new Promise((_, reject) => (fail = reject)), 4000);
    const seen = expect(late).rejects.toMatchObject({ code: 'unavailable' });
    await vi.advanceTimersByTimeAsync(4000);
    await seen;
    fail(new Error('too late to matter'));
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

function request(parts: readonly string[], headers: Record<string, string> = {}): IncomingMessage {
  return Object.assign(Readable.from(parts.map((part) => Buffer.from(part))), {
    headers,
  }) as unknown as IncomingMessage;
}

test('a body in pieces is one', async () => {
  expect((await readBody(request(['a', 'bc']), 3)).toString()).toBe('abc');
  expect((await readBody(request([]), 3)).length).toBe(0);
});

test('too long is refused, whether it says so or not', async () => {
  await expect(readBody(request(['abcd']), 3)).rejects.toMatchObject({ code: 'too-large' });
  await expect(readBody(request([], { 'content-length': '4' }), 3)).rejects.toMatchObject({ code: 'too-large' });
});

test('a body that breaks off is a failure, not a short body', async () => {
  const broken = request(['a']);
  broken.destroy(new Error('aborted'));
  await expect(readBody(broken, 3)).rejects.toMatchObject({ code: 'unavailable' });
});

const MIB = Buffer.alloc(2 ** 20);

test('what is far too long is read no further than the client needs to see the answer', async () => {
  let taken = 0;
  const endless = Object.assign(
    new Readable({
      read() {
        setImmediate(() => {
          taken += 1;
          this.push(MIB);
        });
      },
    }),
    { headers: {} },
  ) as unknown as IncomingMessage;
  await expect(readBody(endless, 3)).rejects.toMatchObject({ code: 'too-large', message: 'the body is over 3 bytes' });
  expect(taken).toBeGreaterThanOrEqual(33);
  endless.destroy();
});

test('what says beforehand that it is far too long is not read at all; what is a little too long is, to its end', async () => {
  const unread = Object.assign(new Readable({ read: () => expect.fail('was read') }), {
    headers: { 'content-length': String(33 * 2 ** 20) },
  }) as unknown as IncomingMessage;
  await expect(readBody(unread, 3)).rejects.toMatchObject({ code: 'too-large' });
  const little = request(['abcd', 'efgh'], { 'content-length': '8' });
  await expect(readBody(little, 3)).rejects.toMatchObject({ code: 'too-large', remedy: 'send less' });
  expect(little.readableEnded).toBe(true);
});

test('a client that leaves in the middle is told apart from everything else, and its late error ends nothing', async () => {
  const leaving = Object.assign(new Readable({ read: () => undefined }), { headers: {} }) as unknown as IncomingMessage;
  const body = readBody(leaving, 3);
  leaving.push('a');
  leaving.destroy();
  await expect(body).rejects.toMatchObject({ name: 'ClientLeft', code: 'unavailable' });
  leaving.emit('error', new Error('aborted'));
});

test('a body that was read already is empty, not awaited', async () => {
  const read = request(['a']);
  for await (const part of read) expect(String(part)).toBe('a');
  expect((await readBody(read, 3)).length).toBe(0);
});
