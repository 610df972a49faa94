import type { IncomingMessage } from 'node:http';
import { Failure } from '../model/failure.ts';

/**
 * How much of what is too long is read and thrown away before the refusal. A connection that is closed while bytes
 * wait is reset (RFC 9293, 3.10.7), and a client that is still sending then never sees the answer.
 */
const THROWN_AWAY = 32 * 2 ** 20;

/** The client has left before its body was there: nothing can be answered, and nothing is wrong here. */
export class ClientLeft extends Failure {
  constructor() {
    super('unavailable', 'the client left before its request was whole');
    this.name = 'ClientLeft';
  }
}

/**
 * The body of a request, at most `limit` bytes of it; a longer one is `too-large`, also when it says so beforehand.
 * Rejects with ClientLeft when the rest does not come: a slow sender is cut by the server's own request timeout.
 *
 * Not `for await`: leaving that early destroys the request and takes its socket away, under the answer and under
 * everything that still listens.
 */
export async function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = (): Failure => new Failure('too-large', `the body is over ${limit} bytes`, { remedy: 'send less' });
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > limit + THROWN_AWAY) throw tooLarge();
  // For good: an `error` that comes when it is all over must find a listener, too.
  req.on('error', ignore);
  if (req.readableEnded) return Buffer.alloc(0);
  if (req.destroyed) throw new ClientLeft();
  return await new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;

    function onData(part: Buffer): void {
      length += part.length;
      if (length <= limit) parts.push(part);
      else parts.length = 0;
      if (length > limit + THROWN_AWAY) settle(tooLarge());
    }
    function onEnd(): void {
      settle(Math.max(length, declared) > limit ? tooLarge() : undefined);
    }
    function onGone(): void {
      settle(new ClientLeft());
    }
    function settle(failure: Failure | undefined): void {
      req.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      if (failure === undefined) resolve(Buffer.concat(parts));
      else reject(failure);
    }
    req.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

function ignore(): void {
  // What an aborted request has to say is said by ClientLeft.
}

/** What `work` gives, or Failure `unavailable` when it takes longer than `limit` milliseconds. The work goes on. */
export async function withinTimeout<T>(work: Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Failure('unavailable', 'this takes too long', { remedy: 'ask again' }));
    }, limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
