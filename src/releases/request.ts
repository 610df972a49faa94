import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Failure } from '../model/failure.ts';
import type { Network } from './ports.ts';
import { guardedLookup, shownUrl } from './targets.ts';
import { TransientFailure } from './transient.ts';

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
      // Whoever reads the body shall hear this, not that "the connection was aborted".
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
  return new TransientFailure(`${shownUrl(url)} broke off (${code})`, { cause: error });
}
