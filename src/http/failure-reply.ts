import { randomBytes } from 'node:crypto';
import { Failure, failureLine } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import { lineReply, type Reply } from './reply.ts';
import { isOutOfHandles, RETRY_AFTER, STATUS } from './status.ts';

/**
 * What a client hears of something that was thrown: for a Failure its line, for a bug nothing but an ID under which
 * the log has everything.
 */
export function failureReply(error: unknown, log: Log): Reply {
  if (error instanceof Failure) {
    const status = STATUS[error.code];
    const line = failureLine(error);
    if (status >= 500) log.warn({ problem: line }, 'a request could not be answered');
    return lineReply(status, line, status === 503 ? ['Retry-After', String(RETRY_AFTER)] : []);
  }
  if (isOutOfHandles(error)) {
    log.warn({ err: error }, 'no file handles left');
    return lineReply(503, 'the server has no file handles left (ask again; raise its limit on open files)', [
      'Retry-After',
      String(RETRY_AFTER),
    ]);
  }
  const requestId = randomBytes(6).toString('hex');
  log.error({ requestId, err: error }, 'internal error');
  return lineReply(500, `internal error, request ${requestId} (the server's log says more under this number)`);
}

/** RFC 9110, 15.5.6: a 405 names what is allowed. The connection is closed because a body may follow. */
export function methodReply(method: string, path: string, allowed: readonly string[] = ['GET', 'HEAD']): Reply {
  const are = allowed.length === 1 ? `${allowed.join('')} is` : `${allowed.join(' and ')} are`;
  const headers = ['Allow', allowed.join(', '), 'Connection', 'close'];
  return lineReply(405, `${method} is not allowed on ${path} (${are})`, headers);
}
