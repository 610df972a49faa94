import { Failure } from '../model/failure.ts';
import type { Clock } from './ports.ts';
import { TransientFailure } from './transient.ts';

const FIRST = 1000;
const LONGEST = 60_000;
/** A server that wants to be left alone for longer than this is left alone until the next run. */
const PATIENCE = 300_000;

export interface RetryOptions {
  readonly retries: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onRetry: (attempt: number, waitMs: number, failure: TransientFailure) => void;
}

/** Tries again after transient failures: 1 s, doubling to 60 s, less up to half by chance, or what the server asks for. */
export async function retry<T>(options: RetryOptions, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (options.signal.aborted) throw stopped(options.signal);
      if (!(error instanceof TransientFailure)) throw error;
      if (attempt > options.retries) throw gaveUp(error, attempt);
      const backoff = Math.min(FIRST * 2 ** (attempt - 1), LONGEST) * (1 - options.clock.random() / 2);
      const wait = Math.max(backoff, error.retryAfter ?? 0);
      if (wait > PATIENCE) throw comeBack(error, wait);
      options.onRetry(attempt, wait, error);
      await options.clock.sleep(wait, options.signal);
    }
  }
}

function gaveUp(error: TransientFailure, attempts: number): Failure {
  return new Failure('unavailable', `${error.message}, ${attempts} times`, {
    cause: error,
    remedy: 'what arrived is kept, the next run continues',
  });
}

function comeBack(error: TransientFailure, wait: number): Failure {
  return new Failure('unavailable', `${error.message}, and asks to come back in ${Math.ceil(wait / 1000)} s`, {
    cause: error,
  });
}

/** What an aborted signal means to people: stopped on purpose, or over the time that one file may take. */
export function stopped(signal: AbortSignal): Failure {
  const slow = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  return new Failure('unavailable', slow ? 'the download took too long' : 'stopped', {
    cause: signal.reason,
    remedy: 'what arrived is kept, the next run continues',
  });
}
