import { Failure } from '../model/failure.ts';

/** Something that may be better in a moment: worth another try. */
export class TransientFailure extends Failure {
  /** What the server asked for, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(message: string, details: { readonly retryAfter?: number | undefined; readonly cause?: unknown } = {}) {
    super('unavailable', message, details.cause === undefined ? {} : { cause: details.cause });
    this.retryAfter = details.retryAfter;
  }
}

/** Retry-After in milliseconds (RFC 9110, 10.2.3): seconds or a date. Undefined for anything else. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // Date.parse() alone makes a date of 2001 out of "-5".
  const date = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
