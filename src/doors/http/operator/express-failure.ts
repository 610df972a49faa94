import { Failure } from '../../../domain/failure.ts';

/** Express and its middleware mark the client's mistakes with a 4xx status; their texts are not for clients. */
export function expressFailure(error: unknown): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (error instanceof Failure || typeof status !== 'number' || status < 400 || status > 499) return error;
  return status === 413
    ? new Failure('too-large', 'the request is too large', { cause: error })
    : new Failure('invalid', 'the request is malformed', { remedy: 'check its address and its body', cause: error });
}
