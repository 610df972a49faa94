import type { FailureCode } from '../model/failure.ts';

/** The only place where a kind of failure becomes an HTTP status (RFC 9110, 15). */
export const STATUS: Readonly<Record<FailureCode, number>> = {
  'not-found': 404,
  invalid: 400,
  conflict: 409,
  'too-large': 413,
  refused: 403,
  unavailable: 503,
  broken: 500,
};

/** Seconds until a machine that met a 503 should come back. */
export const RETRY_AFTER = 5;

/** The process (EMFILE) or the system (ENFILE) has no file handle left: it passes, so it is no bug. */
export function isOutOfHandles(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EMFILE' || code === 'ENFILE';
}
