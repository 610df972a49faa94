import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Failure } from '../model/failure.ts';
import type { Clock, Network } from './ports.ts';
import { guardedLookup, shownUrl } from './targets.ts';

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

export interface RequestOptions {
  readonly method: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  /** Ends this request; the network's own signal is not looked at here. */
  readonly signal: AbortSignal;
}

/**
 * One request, without following redirects. Not `fetch`: that follows them anywhere, unpacks a body before we can count
 * or hash it, and takes a body that ends with its connection for complete.
 */
export function send(url: URL, network: Network, options: RequestOptions): Promise<IncomingMessage> {
  const { limits, lookup, configured } = network;
  return new Promise((resolve, reject) => {
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = make(url, {
      method: options.method,
      headers: { 'user-agent': 'pilotlight', 'accept-encoding': 'identity', ...options.headers },
      lookup: guardedLookup(lookup, url, configured),
      agent: false,
      signal: options.signal,
      timeout: limits.idle,
    });
    let answer: IncomingMessage | undefined;
    const stop = (what: string): void => {
      const failure = new TransientFailure(`${shownUrl(url)} ${what}`);
      // The reader of the body shall get this, not that "the connection was aborted".
      (answer ?? request).destroy(failure);
    };
    const connecting = setTimeout(() => {
      stop(`did not accept a connection within ${limits.connect / 1000} s`);
    }, limits.connect);
    request.on('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        clearTimeout(connecting);
      });
    });
    // Stays in force while the body comes: it is the socket's.
    request.on('timeout', () => {
      stop(`sent nothing for ${limits.idle / 1000} s`);
    });
    request.on('error', (error) => {
      clearTimeout(connecting);
      reject(networkFailure(error, url));
    });
    request.on('response', (response) => {
      clearTimeout(connecting);
      answer = response;
      resolve(response);
    });
    request.end();
  });
}

/** What an error of a connection means: worth another try, unless it is one of our own refusals. */
export function networkFailure(error: unknown, url: URL): Error {
  if (error instanceof Failure || (error instanceof Error && error.name === 'AbortError')) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error';
  // A certificate does not get better by asking again.
  if (/^(?:CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code))
    return new Failure('refused', `${shownUrl(url)} has no certificate that this machine trusts (${code})`, {
      cause: error,
      remedy: 'check the clock of this machine and its CA certificates',
    });
  return new TransientFailure(`${shownUrl(url)} ${UNREACHED[code] ?? 'broke off'} (${code})`, { cause: error });
}

/** Before there was a connection. */
const UNREACHED: Readonly<Record<string, string>> = {
  ENOTFOUND: 'has a host name that no name server knows',
  EAI_AGAIN: 'has a host name for which no name server answered',
  ECONNREFUSED: 'accepts no connection',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
};

const FIRST = 1000;
const LONGEST = 60_000;
/** A server that wants to be left alone for longer than this is left alone until the next run. */
const LONGEST_WAIT = 300_000;

interface RetryOptions {
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
      if (wait > LONGEST_WAIT) throw comeBack(error, wait);
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
