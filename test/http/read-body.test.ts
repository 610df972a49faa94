import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { readBody } from '../../src/http/read-body.ts';

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
