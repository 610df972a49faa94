import { randomBytes } from 'node:crypto';
import { Failure, failureLine, type Place } from '../../model/failure.ts';
import type { Log } from '../../model/log.ts';
import { isOutOfHandles, RETRY_AFTER, STATUS } from '../../http/status.ts';

/** Every answer of the API that is not what was asked for. */
export interface ApiError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly place?: Place;
  readonly remedy?: string;
  /** Further header lines: name, value. */
  readonly headers: readonly string[];
}

/** What a program hears of something that was thrown; of a bug only a number under which the log has everything. */
export function apiErrorOf(error: unknown, log: Log): ApiError {
  if (error instanceof Failure) {
    const { code, message, place, remedy } = error;
    const status = STATUS[code];
    if (status >= 500) log.warn({ problem: failureLine(error) }, 'a request could not be answered');
    const headers = status === 503 ? ['Retry-After', String(RETRY_AFTER)] : [];
    const details = { ...(place === undefined ? {} : { place }), ...(remedy === undefined ? {} : { remedy }) };
    return { status, code, message, ...details, headers };
  }
  if (isOutOfHandles(error)) {
    log.warn({ err: error }, 'no file handles left');
    const headers = ['Retry-After', String(RETRY_AFTER)];
    return { status: 503, code: 'unavailable', message: 'the server has no file handles left', headers };
  }
  const requestId = randomBytes(6).toString('hex');
  log.error({ requestId, err: error }, 'internal error');
  const remedy = "the server's log says more under this number";
  return { status: 500, code: 'internal', message: `internal error, request ${requestId}`, remedy, headers: [] };
}

/** The body of the answer. */
export function errorBody({ code, message, place, remedy }: Omit<ApiError, 'headers' | 'status'>): object {
  return { error: { code, message, place, remedy } };
}
