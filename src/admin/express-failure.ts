import type { ServerResponse } from 'node:http';
import { Failure } from '../model/failure.ts';
import type { Log } from '../model/log.ts';
import { ClientLeft } from '../http/read-body.ts';

/** Express and its middleware mark the client's mistakes with a 4xx status; their texts are not for clients. */
export function expressFailure(error: unknown): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (error instanceof Failure || typeof status !== 'number' || status < 400 || status > 499) return error;
  return status === 413
    ? new Failure('too-large', 'the request is too large', { cause: error })
    : new Failure('invalid', 'the request is malformed', { remedy: 'check its address and its body', cause: error });
}

/** True for what cannot be answered any more: the client has left, or the answer has begun. Then it is over here. */
export function abandoned(error: unknown, res: ServerResponse, log: Log): boolean {
  const left = error instanceof ClientLeft;
  if (!left && !res.headersSent) return false;
  if (!left) log.error({ err: error }, 'an answer could not be finished');
  res.destroy();
  return true;
}
