import type { IncomingMessage } from 'node:http';
import { Failure } from '../model/failure.ts';
import type { Network } from './ports.ts';
import { networkFailure, parseRetryAfter, type RequestOptions, retry, send, TransientFailure } from './request.ts';
import { checkTarget, hostAndPort, shownUrl } from './targets.ts';

const MOST_HOPS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429]);

export interface OpenOptions extends RequestOptions {
  /** Hosts that may be redirected to, besides those that are asked or configured; `.example.org` is every host below. */
  readonly redirectHosts: readonly string[];
  readonly redirect?: 'report' | undefined;
}

export interface Opened {
  readonly url: URL;
  readonly response: IncomingMessage;
}

/**
 * Sends a request and follows redirects: at most five, never from https to http, never to another host that was not
 * named, never to other schemes or into a private network. Gives every other status to the caller, whose the body is.
 */
export async function openUrl(text: string, network: Network, options: OpenOptions): Promise<Opened> {
  let url = checkTarget(text, undefined, network.configured);
  const first = url;
  for (let hop = 0; hop <= MOST_HOPS; hop += 1) {
    const response = await send(url, network, options);
    if (!REDIRECTS.has(response.statusCode ?? 0) || options.redirect === 'report') return { url, response };
    response.destroy();
    const next = checkTarget(response.headers.location ?? '', url, network.configured);
    checkHop(first, url, next, network, options.redirectHosts);
    url = next;
  }
  throw new Failure('refused', `${shownUrl(first)} redirects more than ${MOST_HOPS} times`);
}

function checkHop(first: URL, from: URL, to: URL, network: Network, hosts: readonly string[]): void {
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new Failure('refused', `${shownUrl(from)} redirects from https to http`);
  const known =
    hostAndPort(to) === hostAndPort(first) ||
    (to.hostname === first.hostname && to.port === '' && first.port === '') ||
    network.configured.has(hostAndPort(to)) ||
    hosts.some((host) => (host.startsWith('.') ? to.hostname.endsWith(host) : to.hostname === host));
  if (known) return;
  throw new Failure('refused', `${shownUrl(from)} redirects to another host, ${to.host}`, {
    remedy: 'if that host is right, name it as the mirror',
  });
}

/** Throws for every status but the expected: `not-found` for 404 and 410, transient for what may pass, else `refused`. */
export function checkStatus({ url, response }: Opened, expected: readonly number[], now: number): void {
  const status = response.statusCode ?? 0;
  if (expected.includes(status)) return;
  response.destroy();
  const shown = shownUrl(url);
  if (status === 404 || status === 410) throw new Failure('not-found', `${shown} does not exist (HTTP ${status})`);
  if (TRANSIENT.has(status) || status >= 500)
    throw new TransientFailure(`${shown} answered HTTP ${status}`, {
      retryAfter: parseRetryAfter(response.headers['retry-after'], now),
    });
  throw new Failure('refused', `${shown} answered HTTP ${status}`);
}

/**
 * How long the body says it is. Refused are encoded bodies (what is hashed would not be what is stored) and bodies that
 * end with their connection, unless the right size is known: such a body looks like one that was cut.
 */
export function checkBody({ url, response }: Opened, size?: number): number | undefined {
  const { headers } = response;
  const encoding = headers['content-encoding'] ?? 'identity';
  const transfer = headers['transfer-encoding'];
  const refuse = (what: string): never => {
    response.destroy();
    throw new Failure('refused', `${shownUrl(url)} ${what}`);
  };
  if (encoding.toLowerCase() !== 'identity') return refuse('is sent encoded, which was not asked for');
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked')
    return refuse('is sent in an unknown transfer encoding');
  if (transfer !== undefined) return undefined;
  const length = headers['content-length'];
  if (length === undefined) return size ?? refuse('does not say how long it is');
  return /^\d{1,15}$/.test(length) ? Number(length) : refuse('says nonsense about its length');
}

export interface TextOptions {
  readonly maxBytes: number;
  readonly redirectHosts: readonly string[];
  readonly redirect?: 'report' | undefined;
  readonly optional?: boolean | undefined;
}

export interface FetchedText {
  readonly bytes: Buffer;
  readonly location: string | undefined;
}

/** Reads something small, with retries. Undefined when it is optional and does not exist. */
export async function fetchText(
  address: string,
  network: Network,
  options: TextOptions,
): Promise<FetchedText | undefined> {
  const signal = AbortSignal.any([network.signal, AbortSignal.timeout(network.limits.total)]);
  const onRetry = (attempt: number, waitMs: number, failure: TransientFailure): void => {
    network.log.info({ attempt, waitMs, why: failure.message }, 'asking again');
  };
  const { clock, limits } = network;
  return retry({ retries: limits.retries, clock, signal, onRetry }, async () => {
    const opened = await openUrl(address, network, { ...options, method: 'GET', headers: {}, signal });
    const { response } = opened;
    if (options.redirect === 'report' && REDIRECTS.has(response.statusCode ?? 0)) {
      response.destroy();
      return { bytes: Buffer.alloc(0), location: response.headers.location };
    }
    if (options.optional === true && (response.statusCode === 404 || response.statusCode === 410)) {
      response.destroy();
      return undefined;
    }
    checkStatus(opened, [200], clock.now());
    return { bytes: await readBody(opened, options.maxBytes), location: undefined };
  });
}

async function readBody(opened: Opened, maxBytes: number): Promise<Buffer> {
  const { url, response } = opened;
  const tooLarge = (): Failure => new Failure('too-large', `${shownUrl(url)} is over ${maxBytes} bytes`);
  if ((checkBody(opened) ?? 0) > maxBytes) {
    response.destroy();
    throw tooLarge();
  }
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge();
      parts.push(chunk);
    }
  } catch (error) {
    throw networkFailure(error, url);
  } finally {
    response.destroy();
  }
  return Buffer.concat(parts);
}

/**
 * Throws Failure `refused` for a page in the place of a signature, a key or a signed list: neither armour nor OpenPGP's
 * packets begin with `<`. `what` is an address or a file.
 */
export function refusePage(bytes: Buffer, what: string, expected: string): void {
  if (!/^(?:\u00ef\u00bb\u00bf)?\s*</.test(bytes.subarray(0, 512).toString('latin1'))) return;
  throw new Failure('refused', `${what} is a web page where ${expected} belongs`, {
    remedy: 'look at it with a browser; a proxy or a captive portal may have answered in its place',
  });
}
