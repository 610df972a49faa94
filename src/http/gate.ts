import type { IncomingMessage } from 'node:http';
import type { HttpLimits } from './limits.ts';
import { lineReply, type Reply } from './reply.ts';
import type { RequestHead } from './request-head.ts';

/** What neither door shall see. Undefined lets the request in. */
export function turnAway(req: IncomingMessage, head: RequestHead, limits: HttpLimits): Reply | undefined {
  if (head.hosts > 1) return closing(400, 'more than one Host line');
  if (head.hosts === 0 && req.httpVersion === '1.1') return closing(400, 'HTTP/1.1 needs a Host line (RFC 9112, 3.2)');
  if ((req.url ?? '').length > limits.maxUrl) {
    return closing(414, `the address is longer than ${String(limits.maxUrl)} bytes (send fewer facts)`);
  }
  return undefined;
}

/** The server ends. */
export function closingReply(): Reply {
  return closing(503, 'the server is stopping (ask again)');
}

/** One connection asks for too much at once. */
export function crowdedReply(): Reply {
  return closing(503, 'too many requests at once on one connection (wait for answers)');
}

function closing(status: number, line: string): Reply {
  return lineReply(status, line, ['Connection', 'close', ...(status === 503 ? ['Retry-After', '5'] : [])]);
}
