import type { IncomingMessage } from 'node:http';
import { Failure } from '../../domain/failure.ts';

/**
 * The body of a request, at most `limit` bytes of it; a longer one is `too-large`, also when it says so beforehand.
 * A slow sender is cut by the server's own request timeout, and then this rejects with `unavailable`.
 */
export async function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = (): Failure =>
    new Failure('too-large', `the body is over ${String(limit)} bytes`, { remedy: 'send less' });
  if (Number(req.headers['content-length'] ?? 0) > limit) throw tooLarge();
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of req as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > limit) throw tooLarge();
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('unavailable', 'the body did not arrive', { remedy: 'send it again', cause: error });
  }
  return Buffer.concat(parts);
}
